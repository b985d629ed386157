"""The numbers in the worked examples on RL foundations and tabular methods, computed again."""

import itertools

import numpy as np

from tests.knowledge.worked_example import states


def discounted(rewards: list[float], gamma: float) -> float:
    """The discounted return of a list of rewards, worked backwards."""
    total = 0.0
    for reward in reversed(rewards):
        total = reward + gamma * total
    return total


def test_rl_loop() -> None:
    cell, visited = 0, [0]
    for move in (1, 1, -1, 1, 1):
        cell += move
        visited.append(cell)
    steps = len(visited) - 1
    shortest = visited[-1] - visited[0]
    states("rl-loop", *(str(place) for place in visited), str(steps), f"{-steps}")
    states("rl-loop", str(shortest), f"{-shortest}", str(steps - shortest))


def test_reward_return() -> None:
    rewards = [1.0, 0.0, 5.0]
    returns = [discounted(rewards[start:], 0.9) for start in range(3)]
    states("reward-return", f"{returns[2]:.0f}", f"{returns[1]:.1f}", f"{returns[0]:.2f}")
    states("reward-return", f"{sum(rewards):.0f}")


def test_discount() -> None:
    for gamma in (0.9, 0.99):
        states("discount", f"{1 / (1 - gamma):.0f}", f"{gamma**50:.3f}")


def test_episodic() -> None:
    reward, gamma, value = 1.0, 0.99, 60.0
    target = reward + gamma * value
    states("episodic", f"{reward:.0f}", f"{target:.1f}", f"{target - reward:.1f}")


def test_state_observation() -> None:
    now = 5
    for before in (3, 7):
        velocity = now - before
        states("state-observation", str(velocity), str(now + velocity))


def test_markov() -> None:
    transition = np.array([[0.8, 0.2], [0.4, 0.6]])
    today = np.array([1.0, 0.0])
    after_two = today @ transition @ transition
    by_sun, by_rain = transition[0, 0] * transition[0, 0], transition[0, 1] * transition[1, 0]
    states("markov", f"{by_sun:.2f}", f"{by_rain:.2f}", f"{after_two[0]:.2f}")


def test_mdp() -> None:
    wear = 0.1
    states("mdp", f"{1 - wear:.1f}", f"{(1 - wear) * wear:.2f}", f"{discounted([5.0, 5.0], 0.9):.1f}")


def test_policy() -> None:
    policy, rewards = np.array([0.3, 0.7]), np.array([2.0, 4.0])
    states("policy", f"{policy @ rewards:.1f}", f"{np.log(policy[1]):.3f}", f"{rewards[1]:.0f}")


def test_value_function() -> None:
    value_b = discounted([10.0], 0.9)
    tails = 4 + 0.9 * value_b
    states("value-function", f"{value_b:.0f}", f"{tails:.0f}", f"{0.5 * 0 + 0.5 * tails:.1f}")


def test_q_function() -> None:
    values = np.array([2.0, 0.0]) + 0.9 * np.array([5.0, 10.0])
    policy = np.array([0.4, 0.6])
    states("q-function", *(f"{value:.1f}" for value in values), f"{policy @ values:.1f}")


def test_advantage() -> None:
    action_values, policy = np.array([3.0, 5.0, 10.0]), np.array([0.5, 0.3, 0.2])
    state_value = policy @ action_values
    advantages = action_values - state_value
    states("advantage", f"{state_value:.1f}", *(f"{a:.1f}" for a in advantages))
    states("advantage", f"{abs(policy @ advantages):.1f}")


def test_bellman_expectation() -> None:
    gamma = 0.8
    transition = np.array([[0.0, 1.0], [0.5, 0.0]])
    rewards = np.array([6.0, 1.0])
    values = np.linalg.solve(np.eye(2) - gamma * transition, rewards)
    back = gamma * transition[1, 0]
    states("bellman-expectation", f"{back:.1f}", f"{gamma * back:.2f}")
    states("bellman-expectation", f"{rewards[0] + gamma * rewards[1]:.1f}")
    states("bellman-expectation", f"{1 - gamma * back:.2f}", *(f"{value:.0f}" for value in values))


def test_bellman_optimality() -> None:
    gamma, values = 0.9, np.zeros(2)
    for _ in range(1000):
        values = np.array([max(1 + gamma * values[0], gamma * values[1]), 2 + gamma * values[1]])
    states("bellman-optimality", f"{values[1]:.0f}", f"{gamma * values[1]:.0f}", f"{values[0]:.0f}")
    states("bellman-optimality", f"{1 + gamma * values[0]:.1f}", f"{1 / (1 - gamma):.0f}")


def test_reward_design() -> None:
    cells = [0, 1] * 50 + [0]
    moves = np.diff(cells)
    bonus = int((moves > 0).sum())
    shaping = int(moves.sum())
    states("reward-design", str(bonus), str(shaping), str(10))
    assert bonus > 10 > shaping


def test_credit_assignment() -> None:
    rewards = [0.0, 0.0, 0.0, 1.0]
    shares = [discounted(rewards[start:], 0.9) for start in range(4)]
    states("credit-assignment", f"{shares[0]:.3f}", f"{shares[1]:.2f}", f"{shares[2]:.1f}")
    states("credit-assignment", f"{shares[3]:.0f}")


def test_exploration() -> None:
    rounds, sure = 10, 1
    always = rounds * sure
    totals = [pays + (rounds - 1) * max(pays, sure) for pays in (2, 0)]
    average = float(np.mean(totals))
    states("exploration", str(always), *(str(total) for total in totals))
    states("exploration", f"{average:.1f}", f"{average - always:.1f}")


def test_epsilon_greedy() -> None:
    epsilon, actions = 0.1, 4
    other = epsilon / actions
    halfway = np.interp(5000, [0, 10000], [1.0, 0.05])
    states("epsilon-greedy", f"{1 - epsilon + other:.3f}", f"{other:.3f}", f"{halfway:.3f}")


def test_bandit() -> None:
    estimate, rewards = 0.0, [4.0, 6.0, 2.0]
    for count, reward in enumerate(rewards, start=1):
        estimate += (reward - estimate) / count
        states("bandit", f"{estimate:.0f}")
    assert np.isclose(estimate, np.mean(rewards))
    states("bandit", f"{20 * (0.7 - 0.5):.1f}")


def test_ucb_thompson() -> None:
    means, tries = np.array([0.6, 0.5]), np.array([90, 10])
    bonus = np.sqrt(np.log(tries.sum()) / tries)
    states("ucb-thompson", f"{np.log(tries.sum()):.3f}", *(f"{b:.3f}" for b in bonus))
    states("ucb-thompson", *(f"{score:.3f}" for score in means + bonus))
    assert np.isclose(bonus[1] / bonus[0], 3)
    for mean, count in zip(means, tries, strict=True):
        a, b = 1 + round(mean * count), 1 + round((1 - mean) * count)
        spread = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        states("ucb-thompson", str(a), str(b), f"{spread:.3f}")
    states("ucb-thompson", str(round(means[0] * tries[0])))


def test_on_off_policy() -> None:
    behaviour, target = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    rewards = np.array([10.0, 0.0])
    weights = target / behaviour
    states("on-off-policy", *(f"{weight:.1f}" for weight in weights), f"{behaviour @ rewards:.0f}")
    states("on-off-policy", f"{(behaviour * weights) @ rewards:.0f}", f"{target @ rewards:.0f}")


def test_model_free_based() -> None:
    planned = 1 + 0.9 * (0.8 * 10 + 0.2 * 0)
    learned = 5 + 0.1 * (1 + 0.9 * 10 - 5)
    states("model-free-based", f"{planned:.1f}", f"{learned:.1f}")


def test_policy_evaluation() -> None:
    transition = np.array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.0]])
    rewards = np.array([0.0, 0.0, 0.5])
    values = np.zeros(3)
    for _ in range(3):
        values = rewards + transition @ values
        states("policy-evaluation", *(f"{value:g}" for value in values))
    limit = np.linalg.solve(np.eye(3) - transition, rewards)
    states("policy-evaluation", *(f"{value:g}" for value in limit))


def test_policy_improvement() -> None:
    gamma = 0.5
    wait = 1 / (1 - gamma)
    walk_before, sell = gamma * wait, 5.0
    walk_after = gamma * sell
    assert walk_before < wait < walk_after
    assert sell > wait
    states("policy-improvement", f"{wait:.0f}", f"{walk_before:.0f}", f"{sell:.0f}", f"{walk_after:.1f}")


def test_dynamic_programming() -> None:
    values = np.zeros(4)
    for _ in range(3):
        values = np.array([0.0] + [-1 + max(values[d - 1], values[min(d + 1, 3)]) for d in (1, 2, 3)])
        states("dynamic-programming", *(f"{value:.0f}" for value in values[1:]))
    again = np.array([0.0] + [-1 + max(values[d - 1], values[min(d + 1, 3)]) for d in (1, 2, 3)])
    assert np.array_equal(again, values)


def test_gpi() -> None:
    gamma, leave, value = 0.9, 3.0, 0.0
    choices = []
    for figures in ("{:.0f}", "{:.1f}", "{:.2f}"):
        stay = 1 + gamma * value
        choices.append("stay" if stay > leave else "quit")
        value = max(stay, leave)
        states("gpi", figures.format(stay), f"{value:g}")
    assert choices == ["quit", "stay", "stay"]
    states("gpi", f"{1 / (1 - gamma):.0f}")


def test_mc_rl() -> None:
    returns = [discounted(rewards, 0.9) for rewards in ([0.0, 0.0, 10.0], [0.0, 10.0], [0.0])]
    states("mc-rl", *(f"{g:.2g}" for g in returns), f"{np.mean(returns):.1f}")


def test_td() -> None:
    target = 1 + 0.9 * 6
    error = target - 5
    states("td", f"{target:.1f}", f"{error:.1f}", f"{5 + 0.1 * error:.2f}")


def test_bootstrapping() -> None:
    truth, guess = 10.0, 4.0
    correct, target = 1 + 0.9 * truth, 1 + 0.9 * guess
    states("bootstrapping", f"{correct:.0f}", f"{target:.1f}")
    states("bootstrapping", f"{guess - truth:.0f}", f"{target - correct:.1f}")
    states("bootstrapping", f"{(target - correct) / (guess - truth):.1f}")


def test_sarsa() -> None:
    target = -1 + 0.9 * 1
    error = target - 2
    greedy = 2 + 0.5 * (-1 + 0.9 * 4 - 2)
    states("sarsa", f"{target:.1f}", f"{error:.1f}", f"{2 + 0.5 * error:.2f}", f"{greedy:.1f}")


def test_q_learning() -> None:
    target = 2 + 0.9 * max(1, 5)
    error = target - 3
    terminal = 3 + 0.1 * (2 - 3)
    states("q-learning", f"{target:.1f}", f"{error:.1f}", f"{3 + 0.1 * error:.2f}", f"{terminal:.1f}")


def test_double_q() -> None:
    expected = {n: np.mean([max(draw) for draw in itertools.product((-1, 1), repeat=n)]) for n in (2, 10)}
    states("double-q", f"{1 - 0.5**2:.2f}", f"{0.5**2:.2f}", f"{expected[2]:.1f}", f"{expected[10]:.3f}")
    scored = []
    for first in itertools.product((-1, 1), repeat=2):
        scored += [second[int(np.argmax(first))] for second in itertools.product((-1, 1), repeat=2)]
    states("double-q", f"{np.mean(scored):.0f}")


def test_n_step() -> None:
    rewards, values, gamma = [1.0, 2.0, 3.0], [5.0, 6.0, 4.0], 0.9
    returns = [discounted([*rewards[:n], values[n - 1]], gamma) for n in (1, 2, 3)]
    states("n-step", f"{gamma**2:.2f}", f"{gamma**3:.3f}")
    states("n-step", f"{returns[0]:.1f}", f"{returns[1]:.2f}", f"{returns[2]:.3f}")


def test_td_lambda() -> None:
    lam, gamma, step, error = 0.5, 0.9, 0.1, 2.0
    weights = np.array([1 - lam, (1 - lam) * lam, lam**2])
    states("td-lambda", *(f"{w:g}" for w in weights), f"{weights @ np.array([4.0, 6.0, 10.0]):.1f}")
    fade = gamma * lam
    states("td-lambda", f"{fade:.2f}", f"{fade**2:.4f}")
    states("td-lambda", f"{step * error:.1f}", f"{step * error * fade**2:.4f}")


def one_step_walk(values: np.ndarray) -> None:
    """One real walk to the right through three cells, learning with step size 1."""
    for cell in range(3):
        values[cell] = 1.0 if cell == 2 else 0.9 * values[cell + 1]


def test_dyna() -> None:
    values = np.zeros(3)
    one_step_walk(values)
    states("dyna", *(f"{value:.0f}" for value in values))
    for cell in (1, 0):
        values[cell] = 0.9 * values[cell + 1]
    states("dyna", f"{values[1]:.1f}", f"{values[0]:.2f}")
    plain, episodes = np.zeros(3), 0
    while not np.allclose(plain, values):
        one_step_walk(plain)
        episodes += 1
    states("dyna", str(episodes))
