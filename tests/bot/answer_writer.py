"""A process in which members answer a weekly quiz until it is killed, and that says after each commit what was taken.

    python -m tests.bot.answer_writer URL [STAGE]

With a STAGE it says so when it gets there for the first time, and stands still. Members answer what they have not
answered yet, so that a new process goes on where the last one was killed.
"""

import asyncio
import random
import sys
from datetime import UTC, datetime, timedelta

from bot.features.progress import store as progress_store
from bot.features.questions import store
from bot.features.questions.models import AskedQuestion, Response, RoundKind
from bot.features.questions.service import QuestionService
from bot.storage.database import Database
from tests.bot.question_bank import BOOLEAN, SINGLE, bank_curriculum, question_with
from tests.bot.schedulers import question_service

GRADED, WRITTEN = STAGES = ("graded", "written")
"""Between the click and the evidence, and when all is written and nothing holds yet."""

SERVER = 7
MEMBERS = tuple(range(101, 161))
BEGAN = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
BANK = (SINGLE, BOOLEAN, *(question_with(f"c-{number}", "c") for number in range(3)))
CURRICULUM = bank_curriculum(*BANK)


def right_in(member: int, position: int) -> bool:
    """Whether this member answers this question right, each time alike."""
    return random.Random(f"{member}:{position}").random() < 0.6


def response_of(asked: AskedQuestion, member: int) -> Response:
    right = next(option.id for option in asked.options if option.text in {"right", "True"})
    wrong = next(option.id for option in asked.options if option.id != right)
    return Response((right if right_in(member, asked.position) else wrong,))


async def open_quiz(database: Database, asking: QuestionService) -> int:
    """The one quiz of the test, which the first process opens."""
    async with database.transaction() as session:
        if (found := await store.find_round(session, 1)) is not None:
            return found.id
        ids = [question.id for question in BANK]
        closes_at = BEGAN + timedelta(days=2)
        return (await asking.add_round(session, RoundKind.WEEKLY, None, SERVER, ids, closes_at=closes_at)).id


async def take(asking: QuestionService, round_id: int, member: int) -> None:
    while isinstance(asked := await asking.show(round_id, member, guild_id=SERVER), AskedQuestion):
        clicks = (
            asking.answer(round_id, asked.position, member, response_of(asked, member), asked.stamp) for _ in range(2)
        )
        await asyncio.gather(*clicks)  # each click comes twice
        print(f"{member} round:{round_id}:{asked.position}", flush=True)


def stand_still(stage: str) -> None:
    """Say where the process is, and hold everything that it holds until it is killed."""
    print(stage, flush=True)
    sys.stdin.read()


def stop_at(stage: str) -> None:
    """Let this process reach a stage and no further."""
    if stage == GRADED:

        async def add_evidence(*_arguments: object) -> int:
            stand_still(stage)
            return 0

        progress_store.add_evidence = add_evidence
    if stage == WRITTEN:
        update_card = store.update_card

        async def update_and_stop(*arguments: object) -> None:
            await update_card(*arguments)
            stand_still(stage)

        store.update_card = update_and_stop


async def main(url: str, stage: str | None) -> None:
    database = Database(url)
    await database.upgrade()
    asking = question_service(database, lambda: BEGAN, CURRICULUM)
    round_id = await open_quiz(database, asking)
    if stage is not None:
        stop_at(stage)
    await asyncio.gather(*(take(asking, round_id, member) for member in MEMBERS))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
