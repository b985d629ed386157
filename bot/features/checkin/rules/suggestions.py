"""What a partner may reply to a check-in. Nothing that somebody wrote is repeated: a reply is posted for all to see."""

from bot.features.checkin.models import Shown
from bot.features.plan.models import Outcome

STUCK = (
    "Thank you for saying what is in the way. What is the smallest part of it that you could try first?",
    "That sounds like a hard place to be stuck in. What have you tried so far?",
    "I have been stuck like that, too. Shall we look at it together for twenty minutes?",
    "What would you need to know to get past this? Perhaps one of us has it.",
)
DONE = (
    "You did what you set out to do. What made it work this time?",
    "Well done! Which part was harder than you had thought?",
    "That is a plan kept. What would you tell somebody who is about to start on it?",
    "Nice work. What will you do with it next?",
)
PARTLY = (
    "Part of the way is a real step. What helped you to get that far?",
    "Good that you began. What is the next small piece of it?",
    "Some weeks give only that much time, and it counts. What would make the rest easier?",
)
NOT = (
    "Thank you for checking in in a week like this one. What got in the way?",
    "It happens to all of us. Would a smaller plan fit next week better?",
    "Glad that you are here all the same. Which quarter of an hour could be the start?",
)
LEARNED = (
    "I like what you found out. How would you explain it in one sentence to somebody new?",
    "Where do you think that you will use this first?",
    "What surprised you about it?",
)
ANY = (
    "Good to hear from you. What are you looking forward to next week?",
    "Thank you for checking in. What was the best moment of your week of study?",
    "What is one thing that you would like to understand by next week?",
)

_BY_OUTCOME = {Outcome.DONE: DONE, Outcome.PARTLY: PARTLY, Outcome.NOT: NOT}


def suggest_reply(shown: Shown, number: int) -> str:
    """A question or an encouragement that fits what the group sees; the next `number` gives another one."""
    fitting = list_replies(shown)
    return fitting[number % len(fitting)]


def list_replies(shown: Shown) -> tuple[str, ...]:
    """Everything that fits: what blocks them comes first, then how the plan went, then what was learned."""
    stuck = STUCK if shown.blocker else ()
    went = _BY_OUTCOME[shown.outcome] if shown.outcome is not None else ()
    learned = LEARNED if shown.learned else ()
    return stuck + went + learned or ANY
