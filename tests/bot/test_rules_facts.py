"""Facts about the curriculum itself: what is asked for one, and what only sounds like it."""

import pytest

from bot.features.ask.rules.facts import find_facts, find_steps
from knowledge.facts import Aspect, Fact, curriculum_facts


@pytest.fixture(scope="module")
def facts(knowledge):
    return curriculum_facts(knowledge.curriculum)


CAPSTONE_1, CAPSTONE_2 = "steps/capstone-1", "steps/capstone-2"
FIRST, MATHS, DEEP = "steps/practical-encounter", "steps/mathematical-foundations", "steps/deep-dive"
RL = "steps/deep-reinforcement-learning"


@pytest.mark.parametrize(
    ("question", "verdicts"),
    [
        ("is keras allowed in the capstone", ["Keras is forbidden"]),
        ("Is Keras allowed for my project?", ["Keras is forbidden"]),
        ("is model.fit allowed", ["Keras is forbidden"]),
        ("am I allowed to use fastai", ["fastai is forbidden"]),
        ("am i allowed to use fastai in step 4", ["fastai is forbidden"]),
        ("can i use pytorch lightning for my capstone project", ["PyTorch Lightning is forbidden"]),
        ("can I use pytorch for my capstone project", ["PyTorch is allowed"]),
        ("can I use keras or pytorch in the capstone", ["PyTorch is allowed", "Keras is forbidden"]),
        ("may I use JAX in the capstone?", ["JAX is allowed"]),
        ("is sklearn ok for the project", ["scikit-learn is allowed"]),
        ("can we use pretrained weights in capstone 1?", ["loading pretrained weights is a grey area"]),
        ("are pretrained weights allowed", ["loading pretrained weights is a grey area"]),
        ("does using TRL count as cheating in my capstone", ["transformers Trainer is forbidden"]),
        ("would nn.LSTM be against the rules?", ["nn.LSTM or nn.MultiheadAttention is a grey area"]),
        ("Can I use torch.nn in the capstone?", ["torch.nn is allowed"]),
        ("what are the rules on pandas in the capstone", ["pandas or matplotlib is allowed"]),
        ("is stable-baselines3 forbidden for capstone 2", ["Stable-Baselines3 is forbidden"]),
        ("can I use SB3 in step 6", ["Stable-Baselines3 is forbidden"]),
        ("is Gymnasium permitted for the final capstone", ["Gymnasium is allowed"]),
        ("is numpy banned?", ["NumPy is allowed"]),
    ],
)
def test_rules(facts, question, verdicts):
    found = find_facts(question, facts)
    assert {fact.aspect for fact in found} == {Aspect.RULE}
    assert [fact.sentences[0].split(" in both")[0].split(" in the capstone")[0] for fact in found] == verdicts


@pytest.mark.parametrize(
    ("question", "aspect", "sources"),
    [
        ("how long does step 2 take", Aspect.DURATION, [MATHS]),
        ("how many weeks does step 3 take?", Aspect.DURATION, [DEEP]),
        ("how long for part five", Aspect.DURATION, [RL]),
        ("how long does step 2 of the curriculum take", Aspect.DURATION, [MATHS]),
        ("can I finish step 3 in two weeks", Aspect.DURATION, [DEEP]),
        ("how long is the first capstone", Aspect.DURATION, [CAPSTONE_1]),
        ("how much time does capstone II take", Aspect.DURATION, [CAPSTONE_2]),
        (
            "how many hours is the deep learning specialization?",
            Aspect.DURATION,
            ["resources/deep-learning-specialization"],
        ),
        ("how long is cs231n", Aspect.DURATION, ["resources/cs231n"]),
        ("How long does the d2l book take to read?", Aspect.DURATION, ["resources/dive-into-deep-learning"]),
        ("how long is fastai part 2", Aspect.DURATION, ["resources/fastai-part-2"]),
        ("how long does d2l take in step 3", Aspect.DURATION, ["resources/dive-into-deep-learning", DEEP]),
        ("how long does the frogger project take", Aspect.DURATION, ["capstones/frogger"]),
        ("how long does the whole curriculum take", Aspect.DURATION, [FIRST]),
        ("how many months do i need in total", Aspect.DURATION, [FIRST]),
        ("how many weeks for everything", Aspect.DURATION, [FIRST]),
        ("is fast.ai free", Aspect.COST, ["resources/fastai-practical-deep-learning"]),
        ("how much does the andrew ng course cost", Aspect.COST, ["resources/deep-learning-specialization"]),
        ("do I have to pay for Dive into Deep Learning", Aspect.COST, ["resources/dive-into-deep-learning"]),
        ("is cs285 free?", Aspect.COST, ["resources/cs285"]),
        ("is the deep learning book free", Aspect.COST, ["resources/deep-learning-book"]),
        ("what does goodfellow cost. is it expensive", Aspect.COST, ["resources/deep-learning-book"]),
        (
            "is d2l or andrew ng free",
            Aspect.COST,
            ["resources/deep-learning-specialization", "resources/dive-into-deep-learning"],
        ),
        ("which course should I take for step 3", Aspect.CHOICE, [DEEP]),
        ("book or videos for step 5?", Aspect.CHOICE, [RL]),
        ("do i need to do all resources of step 3?", Aspect.CHOICE, [DEEP]),
        ("d2l or andrew ng in step 3, which one should I choose?", Aspect.CHOICE, [DEEP]),
        ("what comes after step 3", Aspect.ORDER, [DEEP]),
        ("what's after step 6", Aspect.ORDER, [CAPSTONE_2]),
        ("what comes before step 5", Aspect.ORDER, [RL]),
        ("what are the steps of the curriculum", Aspect.ORDER, [FIRST]),
        ("how many steps are there in the curriculum", Aspect.ORDER, [FIRST]),
        ("how many steps are there?", Aspect.ORDER, [FIRST]),
        ("how much does it all cost?", Aspect.COST, [FIRST]),
        ("what do I have to pay for", Aspect.COST, [FIRST]),
        ("what is the curriculum?", Aspect.ORDER, [FIRST]),
        ("which step is spinning up for", Aspect.ORDER, ["resources/spinning-up"]),
        ("where does cs231n fit in the curriculum", Aspect.ORDER, ["resources/cs231n"]),
        ("is spinning up still maintained", Aspect.STATUS, ["resources/spinning-up"]),
        ("is the HF deep RL course still up to date?", Aspect.STATUS, ["resources/hf-deep-rl-course"]),
        ("is the old deep rl course deprecated", Aspect.STATUS, ["resources/deep-rl-course-2018"]),
        ("is fastbook too old", Aspect.STATUS, ["resources/fastbook"]),
        ("has openai gym been replaced", Aspect.STATUS, ["resources/gymnasium"]),
        ("who made 3blue1brown", Aspect.AUTHOR, ["resources/3blue1brown"]),
        ("who teaches cs285", Aspect.AUTHOR, ["resources/cs285"]),
        (
            "Who are the authors of understanding deep learning?",
            Aspect.AUTHOR,
            ["resources/understanding-deep-learning"],
        ),
        ("is sutton barto too hard for beginners", Aspect.LEVEL, ["resources/sutton-barto"]),
        ("prerequisites of mml", Aspect.LEVEL, ["resources/mathematics-for-machine-learning"]),
        ("what do i need to know before cs231n", Aspect.LEVEL, ["resources/cs231n"]),
        ("what is step 2 about", Aspect.GOAL, [MATHS]),
        ("what's the goal of step 5", Aspect.GOAL, [RL]),
        ("what do I learn in step 3", Aspect.GOAL, [DEEP]),
        ("what is a capstone", Aspect.GOAL, [CAPSTONE_1, CAPSTONE_2]),
        ("what are the capstones?", Aspect.GOAL, [CAPSTONE_1, CAPSTONE_2]),
        ("what is capstone 1", Aspect.GOAL, [CAPSTONE_1]),
        ("what is the second capstone", Aspect.GOAL, [CAPSTONE_2]),
        ("what is the capstone about?", Aspect.GOAL, [CAPSTONE_1, CAPSTONE_2]),
        ("what do i have to do in the capstone", Aspect.GOAL, [CAPSTONE_1, CAPSTONE_2]),
        ("what should I do in capstone project 2", Aspect.GOAL, [CAPSTONE_2]),
        ("which resources belong to step 5", Aspect.MATERIAL, [RL]),
        ("what should I read in step 2", Aspect.MATERIAL, [MATHS]),
    ],
)
def test_facts_of_steps_and_resources(facts, question, aspect, sources):
    found = find_facts(question, facts)
    assert [(fact.aspect, fact.source) for fact in found] == [(aspect, source) for source in sources]


@pytest.mark.parametrize(
    "question",
    [
        "how long should I train",
        "how long does it take to train a transformer",
        "how long did alphago zero train",
        "how long is an episode of cartpole",
        "how many steps should dqn train for",
        "how many steps are there in backprop",
        "what are the capstone rules",
        "what is a capstone review",
        "what is a good metric for my capstone",
        "how many days should i let my model run",
        "how long does it take to learn deep learning",
        "is adam better",
        "is sgd still relevant",
        "is word2vec deprecated",
        "is tensorflow dead",
        "why are dead relus bad according to cs231n",
        "what is an old policy in ppo",
        "why does the old network play against the new one in alphago zero",
        "does alphago zero replace rollouts with a network",
        "which activation should I choose",
        "which of the losses should i use",
        "free parameters of a model",
        "is alphago zero model free",
        "is alphago zero model-free",
        "what is the cost function",
        "is attention expensive",
        "is deep learning expensive",
        "is deep learning difficult",
        "is deep learning still relevant",
        "who created deep learning",
        "who invented backpropagation",
        "can i use pytorch on windows",
        "can i use pytorch in a jupyter notebook",
        "can i use numpy to compute a gradient",
        "can I use transfer learning for medical images",
        "is the test set allowed to be shuffled",
        "is in-place modification allowed in pytorch",
        "is numpy allowed to broadcast",
        "does numpy allow broadcasting of different shapes",
        "what are the rules for broadcasting in numpy",
        "compare jax against pytorch",
        "is keras better than pytorch",
        "what is the chain rule",
        "is data leakage cheating",
        "how did alphago zero reach a superhuman level",
        "any good book on sentiment analysis",
        "which books are worth reading about attention",
        "what is deep learning about",
        "what is the goal of deep reinforcement learning",
        "how long do gradients take in step 2 of adam",
        "what is step 3 of backprop",
        "at time step 1 what is the goal of the agent",
        "which step size should i choose",
        "does batch norm go before or after relu",
        "order of batch norm and dropout",
        "which step of the curriculum covers dropout",
        "where does dropout fit in the curriculum",
        "ive done fastai. i have 6h a week. coursera or d2l or mit, which one should i pick",
        "can I use SB3 in step 4",
        "how long",
        "step 2",
        "",
    ],
)
def test_what_only_sounds_like_a_fact(facts, question):
    assert find_facts(question, facts) == ()


def test_what_is_needed_before_a_step_are_the_goals_of_the_last_two(facts):
    found = find_facts("what do i need before step 5", facts)
    assert [(fact.aspect, fact.source) for fact in found] == [
        (Aspect.ORDER, RL),
        (Aspect.GOAL, CAPSTONE_1),
        (Aspect.GOAL, DEEP),
    ]
    assert len(find_facts("what do I need to know before step 1?", facts)) == 1


def test_listed_questions_find_their_own_fact(facts, knowledge):
    """Except those that name a step by its title, which may as well mean the field of that name."""
    step_titles = [step.title.lower() for step in knowledge.curriculum.steps]
    missed = {
        question
        for fact in facts
        for question in fact.questions
        if fact not in find_facts(question, facts) and not any(question.endswith(title) for title in step_titles)
    }
    assert missed == {"in which order do I learn this", "what topics are covered", "is it free"}


def test_at_most_three_facts(facts):
    found = find_facts("are d2l, cs285, cs231n, mml and fast.ai free", facts)
    assert len(found) == 3
    assert {fact.aspect for fact in found} == {Aspect.COST}


def test_a_longer_name_hides_the_shorter_one_inside_it():
    short = Fact("resources/go", Aspect.COST, ("go",), ("Go is free.",))
    long = Fact("resources/go-fast", Aspect.COST, ("go fast",), ("Go Fast is free.",))
    assert find_facts("is go fast free", [short, long]) == (long,)
    assert find_facts("is go free", [short, long]) == (short,)
    assert find_facts("is going free", [short, long]) == ()


def test_no_facts_no_answer():
    assert find_facts("how long does step 2 take", []) == ()


@pytest.mark.parametrize(
    ("question", "steps"),
    [
        ("step 2", {2}),
        ("Step #3 and part four", {3, 4}),
        ("step number 5", {5}),
        ("steps 1", set()),
        ("step 7", set()),
        ("step 12", set()),
        ("capstone", set()),
        ("capstone 1", {4}),
        ("capstone project I", {4}),
        ("cap stone 2", {6}),
        ("Capstone II", {6}),
        ("capstone project two", {6}),
        ("the first capstone", {4}),
        ("my final capstone", {6}),
        ("step 2 of the curriculum", {2}),
        ("step 2 of adam", set()),
        ("time step 3", set()),
        ("timestep 3", set()),
        ("stepping 2", set()),
        ("", set()),
    ],
)
def test_find_steps(question, steps):
    assert find_steps(question) == steps
