"""The scheduler of reviews as the defaults of the configuration make it, for services that tests build themselves."""

import random

from bot.app import load_scheduler
from bot.config import ReviewSettings
from bot.features.questions.service import QuestionService

SCHEDULER = load_scheduler(ReviewSettings())


def question_service(database, clock, curriculum, seed=0):
    """The service that asks, on a test's database and curriculum."""
    return QuestionService(database, clock, curriculum, SCHEDULER, random.Random(seed))
