"""The numbers in the worked examples on deep reinforcement learning, computed again."""

import math

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical, Normal
from torch.nn import functional

from tests.knowledge.worked_example import states


def sigmoid(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-x))


def entropy(*probabilities: float) -> float:
    """Entropy in nats."""
    return -sum(p * math.log(p) for p in probabilities if p > 0)


def returns_backwards(rewards: list[float], gamma: float, last: float = 0.0) -> list[float]:
    """Discounted sums of the later rewards, `last` being the value after the final reward."""
    found: list[float] = []
    for reward in reversed(rewards):
        last = reward + gamma * last
        found.insert(0, last)
    return found


def test_function_approx() -> None:
    weights, features, other = np.array([1.0, 2.0]), np.array([1.0, 0.5]), np.array([1.0, 2.0])
    value = weights @ features
    error = 4 - value
    new = weights + 0.1 * error * features
    before, after = weights @ other, new @ other
    states("function-approx", *(f"{x:.1f}" for x in (value, error, *new, before, after)))
    states("function-approx", f"{new @ features:.2f}")


def test_semi_gradient() -> None:
    weight = torch.tensor(1.0, requires_grad=True)
    delta = 1 + 0.9 * 0.5 * weight - weight
    (slope,) = torch.autograd.grad(0.5 * delta**2, weight)
    semi = 1 + 0.1 * delta.item() * 1
    states("semi-gradient", f"{delta.item():.2f}", f"{semi:.3f}", f"{1 - 0.1 * slope.item():.5f}")


def test_deadly_triad() -> None:
    slope = 0.9 * 2 - 1
    grow = 1 + 0.1 * slope
    shrink = 1 - 0.1 * 2 * 2
    states("deadly-triad", f"{slope:.1f}", f"{grow:.2f}", f"{grow**10:.2f}", f"{grow**100:.1f}")
    states("deadly-triad", f"{shrink:.1f}", f"{grow * shrink:.3f}")


def test_dqn() -> None:
    target = torch.tensor(1 + 0.99 * max(3, 5))
    prediction = torch.tensor(2.0)
    huber = functional.huber_loss(prediction, target)
    half_square = 0.5 * (target - prediction) ** 2
    states("dqn", f"{target:.2f}", f"{target - prediction:.2f}", f"{huber:.2f}", f"{half_square:.2f}")
    states("dqn", f"{1 - prediction:.0f}")


def test_experience_replay() -> None:
    frame = 84 * 84
    buffer = frame * 1_000_000 / 1e9
    states("experience-replay", f"{32 / 4:.0f}", f"{frame}", f"{buffer:.3f}", f"{2 * 4 * buffer:.3f}")


def test_target_network() -> None:
    target = 10.0
    seen = []
    for _ in range(100):
        target = 0.005 * 20 + 0.995 * target
        seen.append(target)
    half = math.log(0.5) / math.log(0.995)
    states("target-network", f"{seen[0]:.2f}", f"{seen[-1]:.2f}", f"{half:.1f}")


def test_frame_stack() -> None:
    states("frame-stack", f"{210 * 160 * 3}", f"{84 * 84 * 4}", f"{60 / 4:.0f}", f"{4 * 4 / 60:.2f}")
    states("frame-stack", *(f"{x:.0f}" for x in np.sign([10, 200, -5])))


def test_double_dqn() -> None:
    online, target = np.array([4.0, 6.0]), np.array([5.5, 3.0])
    states("double-dqn", f"{1 + 0.9 * target.max():.2f}", f"{1 + 0.9 * target[online.argmax()]:.1f}")


def test_dueling_dqn() -> None:
    advantages = np.array([1.0, 2.0, 6.0])
    values = 5 + advantages - advantages.mean()
    assert np.allclose(values, 5 + (advantages + 10) - (advantages + 10).mean())
    states("dueling-dqn", f"{advantages.mean():.1f}", *(f"{v:.1f}" for v in values), f"{values.mean():.1f}")


def test_per() -> None:
    errors = np.array([0.5, 1.0, 2.5])
    proportional = errors / errors.sum()
    weights = 1 / (3 * proportional)
    soft = errors**0.6 / (errors**0.6).sum()
    states("per", *(f"{p:g}" for p in proportional), *(f"{w:.3f}" for w in weights))
    states("per", *(f"{w:.1f}" for w in weights / weights.max()), *(f"{p:.3f}" for p in soft), f"{1 / 3:.3f}")


def test_distributional_rl() -> None:
    atoms, next_probabilities = np.array([0.0, 5.0, 10.0]), np.array([0.25, 0.0, 0.75])
    shifted = 1 + 0.5 * atoms
    share = np.clip(1 - np.abs(shifted[:, None] - atoms) / 5, 0, 1)
    target = next_probabilities @ share
    mean = target @ atoms
    assert np.isclose(mean, 1 + 0.5 * (next_probabilities @ atoms))
    states("distributional-rl", f"{shifted[0]:.0f}", f"{shifted[2]:.0f}", *(f"{s:.1f}" for s in share[0, :2]))
    states("distributional-rl", f"{next_probabilities @ atoms:.1f}", f"{mean:.2f}")
    states("distributional-rl", *(f"{p:g}" for p in target.round(6)))


def test_policy_gradient() -> None:
    logits = torch.zeros(2, requires_grad=True)
    log_probability = Categorical(logits=logits).log_prob(torch.tensor(0))
    (gradient,) = torch.autograd.grad(log_probability, logits)
    better, worse = 0.1 * 3 * gradient, 0.1 * -3 * gradient
    states("policy-gradient", *(f"{g:.1f}" for g in gradient), *(f"{z:.2f}" for z in better))
    states("policy-gradient", f"{better.softmax(0)[0]:.3f}", f"{worse.softmax(0)[0]:.3f}")


def test_pg_theorem() -> None:
    right, left = 0.5 * 8, 1.0

    def objective(theta: float) -> float:
        return sigmoid(theta) * right + (1 - sigmoid(theta)) * left

    slope = sigmoid(0) * (1 - sigmoid(0))
    gradient = right * slope - left * slope
    measured = (objective(0.01) - objective(0)) / 0.01
    states("pg-theorem", f"{right:.1f}", f"{slope:.2f}", f"{gradient:.2f}", f"{measured:.2f}")
    states("pg-theorem", f"{objective(0):.1f}", f"{objective(0.01):.4f}")


def test_score_function() -> None:
    p, one, zero = 0.25, 10.0, 2.0
    scores = (1 / p, -1 / (1 - p))
    gradient = p * one * scores[0] + (1 - p) * zero * scores[1]
    states("score-function", f"{scores[0]:.1f}", f"{scores[1]:.3f}", f"{gradient:.1f}", f"{one - zero:.0f}")
    states("score-function", f"{abs(p * scores[0] + (1 - p) * scores[1]):.1f}")
    states("score-function", f"{one * scores[0]:.0f}", f"{zero * scores[1]:.3f}")


def test_reinforce() -> None:
    returns = returns_backwards([0, 0, 1], 0.9)
    loss = -np.dot(returns, [-0.7, -0.5, -0.2])
    states("reinforce", f"{returns[0]:.2f}", f"{returns[1]:.1f}", f"{returns[2]:.1f}", f"{loss:.3f}")


def test_reward_to_go() -> None:
    rewards: list[float] = [5, 0, 2]
    discounted = returns_backwards(rewards, 0.9)
    states("reward-to-go", f"{sum(rewards):.0f}", *(f"{g:.0f}" for g in returns_backwards(rewards, 1.0)))
    states("reward-to-go", f"{discounted[0]:.2f}", f"{discounted[1]:.1f}", f"{discounted[2]:.1f}")


def test_baseline_rl() -> None:
    for baseline in (0, 11):
        samples = np.array([0.5 * (12 - baseline), -0.5 * (10 - baseline)])
        states("baseline-rl", *(f"{x:.1f}" for x in (*samples, samples.mean(), samples.std())))


def test_actor_critic() -> None:
    delta = 1 + 0.9 * 3 - 2
    change = 0.2 * delta * 0.5
    states("actor-critic", f"{delta:.1f}", f"{2 + 0.1 * delta:.2f}", f"{change:.2f}")
    states("actor-critic", f"{sigmoid(2 * change):.3f}")


def test_a2c() -> None:
    returns = returns_backwards([1, 0, 2], 0.9, last=4)
    advantages = np.array(returns) - np.array([5, 4, 6])
    states("a2c", f"{returns[0]:.3f}", f"{returns[1]:.2f}", f"{returns[2]:.1f}")
    states("a2c", f"{advantages[0]:.3f}", f"{advantages[1]:.2f}", f"{advantages[2]:.1f}")
    states("a2c", f"{8 * 5}", f"{1_000_000 // (8 * 5)}")


def test_gae() -> None:
    values, rewards = [1, 2, 1, 0], [0, 1, 3]
    deltas = [rewards[t] + 0.9 * values[t + 1] - values[t] for t in range(3)]
    advantages = returns_backwards(deltas, 0.9 * 0.8)
    states("gae", f"{0.9 * 0.8:.2f}", *(f"{d:.1f}" for d in deltas))
    states("gae", f"{advantages[2]:.1f}", f"{advantages[1]:.2f}", f"{advantages[0]:.4f}")
    states("gae", f"{returns_backwards(deltas, 0.9)[0]:.2f}")


def test_entropy_bonus() -> None:
    states("entropy-bonus", f"{entropy(0.5, 0.5):.3f}", f"{entropy(0.9, 0.1):.3f}")
    states("entropy-bonus", f"{abs(entropy(1.0)):.0f}")
    states("entropy-bonus", *(f"{sigmoid((1.0 - 0.8) / beta):.3f}" for beta in (0.1, 1)))


def test_trust_region() -> None:
    for first in (0.6, 0.9):
        new = np.array([first, 1 - first])
        surrogate = (0.5 * (new / 0.5) * np.array([1, -1])).sum()
        divergence = (0.5 * np.log(0.5 / new)).sum()
        states("trust-region", f"{surrogate:.1f}", f"{divergence:.3f}")
    limit = 0.5 + 0.5 * math.sqrt(1 - math.exp(-2 * 0.01))
    assert np.isclose(0.5 * math.log(0.5 / limit) + 0.5 * math.log(0.5 / (1 - limit)), 0.01)
    states("trust-region", f"{limit:.3f}")


def test_trpo() -> None:
    gradient, fisher = np.array([2.0, 1.0]), np.diag([4.0, 1.0])
    direction = np.linalg.solve(fisher, gradient)
    scale = math.sqrt(2 * 0.01 / (gradient @ direction))
    step = scale * direction
    states("trpo", *(f"{x:.1f}" for x in (*direction, gradient @ direction, scale)))
    states("trpo", f"{step[0]:.2f}", f"{step[1]:.1f}", f"{0.5 * step @ fisher @ step:.2f}")


def test_ppo() -> None:
    for start in (1.5, 0.5):
        for advantage in (2.0, -2.0):
            ratio = torch.tensor(start, requires_grad=True)
            unclipped = ratio * advantage
            objective = torch.min(unclipped, ratio.clamp(0.8, 1.2) * advantage)
            (gradient,) = torch.autograd.grad(objective, ratio)
            assert (gradient == 0) == ((start > 1) == (advantage > 0))
            states("ppo", f"{unclipped.item():.1f}", f"{objective.item():.1f}")


def test_continuous_actions() -> None:
    plain = Normal(0.5, 0.2).log_prob(torch.tensor(0.7)).item()
    constant = 0.5 * math.log(2 * math.pi)
    states("continuous-actions", f"{-math.log(0.2):.3f}", f"{constant:.3f}", f"{plain:.3f}")
    action = math.tanh(1.0)
    before = Normal(0.0, 1.0).log_prob(torch.tensor(1.0)).item()
    correction = -math.log(1 - action**2)
    states("continuous-actions", f"{action:.4f}")
    states("continuous-actions", *(f"{x:.3f}" for x in (before, correction, before + correction)))


def test_ddpg() -> None:
    theta = torch.tensor(1.0, requires_grad=True)
    value = -((theta - 2) ** 2)
    (slope,) = torch.autograd.grad(value, theta)
    new = 1 + 0.1 * slope.item()
    states("ddpg", f"{1 + 0.99 * 10:.1f}", f"{slope.item():.1f}", f"{new:.1f}")
    states("ddpg", f"{value.item():.1f}", f"{-((new - 2) ** 2):.2f}")


def test_td3() -> None:
    noise = np.clip(0.8, -0.5, 0.5)
    states("td3", f"{1 + 0.9 * min(12, 10):.1f}", f"{1 + 0.9 * 12:.1f}")
    states("td3", f"{noise:.1f}", f"{0.9 + noise:.1f}", f"{np.clip(0.9 + noise, -1, 1):.1f}")


def test_sac() -> None:
    soft = min(10, 9) - 0.2 * -1.5
    states("sac", f"{soft:.1f}", f"{1 + 0.9 * soft:.2f}", f"{1 + 0.9 * 9:.1f}", f"{0.2 * -1.5 - 9:.1f}")


def test_evolution_strategies() -> None:
    def score(theta: float) -> float:
        return -((theta - 3) ** 2)

    directions = (1, -1)
    estimate = sum(score(1 + 0.5 * e) * e for e in directions) / (len(directions) * 0.5)
    states("evolution-strategies", *(f"{score(1 + 0.5 * e):.2f}" for e in directions))
    states("evolution-strategies", f"{estimate:.1f}", f"{-2 * (1 - 3):.1f}", f"{1 + 0.1 * estimate:.1f}")


def test_intrinsic_motivation() -> None:
    states("intrinsic-motivation", *(f"{1 / math.sqrt(n):.1f}" for n in (1, 4, 100)))
    truth = np.array([1.5, 2.0])
    for first in (1.0, 1.4):
        states("intrinsic-motivation", f"{0.5 * ((np.array([first, 2.0]) - truth) ** 2).sum():.3f}")


def test_rnd() -> None:
    fixed = np.array([0.8, -0.3])
    early = ((np.array([0.5, 0.1]) - fixed) ** 2).sum()
    late = ((np.array([0.78, -0.28]) - fixed) ** 2).sum()
    states("rnd", f"{early:.2f}", f"{late:.4f}", f"{early / late:.1f}")


def test_hierarchical() -> None:
    cells = [1, 2, 3]
    for goal in (5, 3):
        states("hierarchical", f"{sum(0 if cell == goal else -1 for cell in cells)}")
    states("hierarchical", f"{0.9**10:.3f}", f"{0.9**100:.7f}")


def test_model_based_rl() -> None:
    for first in (1, -1):
        for second in (1, -1):
            rewards = (-abs(first - 2), -abs(first + second - 2))
            states("model-based-rl", *(f"{abs(r)}" for r in rewards), f"{sum(rewards)}")
    states("model-based-rl", f"{1.05**10:.2f}", f"{1.05**50:.2f}")


def test_mcts() -> None:
    for mean, visits in ((0.6, 10), (0.5, 2)):
        bonus = math.sqrt(math.log(12) / visits)
        states("mcts", f"{bonus:.3f}", f"{mean + bonus:.3f}")
    states("mcts", f"{(2 * 0.5 + 1) / 3:.3f}")


def test_self_play() -> None:
    equal, ahead = (1 / (1 + 10 ** (-gap / 400)) for gap in (0, 200))
    states("self-play", f"{equal:.1f}", f"{32 * (1 - equal):.0f}", f"{ahead:.3f}", f"{1 - ahead:.3f}")
    states("self-play", f"{32 * (1 - ahead):.1f}", f"{400 * math.log10(0.55 / 0.45):.1f}")


def test_alphago() -> None:
    for value, result in ((0.6, 1), (0.6, -1), (0.2, 1)):
        states("alphago", f"{0.5 * value + 0.5 * result:.1f}")


def test_alphago_zero() -> None:
    visits = torch.tensor([1120.0, 480.0])
    search = visits / visits.sum()
    policy = nn.CrossEntropyLoss()(torch.zeros(2), search).item()
    value = (1 - 0.4) ** 2
    states("alphago-zero", f"{visits.sum():.0f}", *(f"{p:.1f}" for p in search))
    states("alphago-zero", f"{value:.2f}", f"{policy:.3f}", f"{value + policy:.3f}")


def test_alphazero_muzero() -> None:
    first = returns_backwards([0.5, 0], 0.9, last=4)[0]
    second = returns_backwards([1, 1], 0.9, last=1)[0]
    states("alphazero-muzero", f"{first:.2f}", f"{second:.2f}")


def test_imitation() -> None:
    states("imitation", *(f"{0.98**steps:.3f}" for steps in (10, 50, 200)))


def test_offline_rl() -> None:
    common, rare = 5 - 5 / math.sqrt(100), 9 - 5 / math.sqrt(1)
    assert common > rare
    states("offline-rl", f"{common:.1f}", f"{rare:.1f}")


def test_marl() -> None:
    against_paper = np.array([1, 0, -1])
    for opponent in ([0.6, 0.3, 0.1], [0.1, 0.3, 0.6]):
        states("marl", f"{against_paper @ np.array(opponent):.1f}")


def test_generalisation_rl() -> None:
    rates = {"A": (0.95, 0.40), "B": (0.85, 0.80)}
    for trained, unseen in rates.values():
        states("generalisation-rl", f"{(trained + unseen) / 2:.3f}", f"{trained - unseen:.2f}")
    states("generalisation-rl", *(f"{abs(b - a):.2f}" for a, b in zip(*rates.values(), strict=True)))


def test_rl_evaluation() -> None:
    results = np.array([200, 180, 220, 60, 190])
    spread = results.std(ddof=1)
    margin = 2.776 * spread / math.sqrt(len(results))
    states("rl-evaluation", f"{results.mean():.1f}", f"{np.median(results):.1f}", f"{spread:.1f}")
    states("rl-evaluation", f"{spread / math.sqrt(5):.1f}", f"{margin:.1f}")
    states("rl-evaluation", *(f"{results.mean() + sign * margin:.1f}" for sign in (-1, 1)))


def test_gym_api() -> None:
    for terminated in (True, False):
        target = 1 + 0.99 * 100 * (not terminated)
        states("gym-api", f"{target:.0f}" if terminated else f"{target:.1f}")
