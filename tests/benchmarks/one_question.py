"""One question at a time: the search alone, and the whole answer with its database."""

from statistics import median

from bot.features.ask.models import Asked
from bot.features.ask.service import AskService
from indexer.live import LiveIndex
from indexer.retriever import Query
from tests.benchmarks.bare import Bare
from tests.benchmarks.measure import Bar, Measurement, Operation, interleave
from tests.benchmarks.questions import question, questions


async def measure_search(index: LiveIndex, bare: Bare) -> Measurement:
    """`LiveIndex.search`, as the bot awaits it."""

    async def search(number: int) -> object:
        return await index.search(Query(question(number)))

    for number in range(len(questions())):  # a running bot has seen its notes
        await search(number)
    return await _measure("Search, one question", search, bare, Bar("≤", 1.2))


async def measure_answer(ask: AskService, bare: Bare) -> Measurement:
    """`AskService.answer_question`, with its transactions; every member asks once, so that nothing is a follow-up."""

    async def answer(number: int) -> object:
        return await ask.answer_question(Asked(question(number), member_id=number + 2, channel_id=1))

    return await _measure("Whole answer, one question", answer, bare, None)


async def _measure(name: str, operation: Operation, bare: Bare, bar: Bar | None) -> Measurement:
    async def bare_search(number: int) -> None:
        bare.search(question(number))

    tutor_times, bare_times = await interleave(operation, bare_search, rounds=200, seconds=8)
    return Measurement(name, "ms", 1000 * median(tutor_times), 1000 * median(bare_times), bar)
