"""The numeric keys on linear algebra and calculus, computed again."""

import numpy as np

from tests.knowledge.numeric_keys import has_key


def test_tensor_memory() -> None:
    has_key("tensor-memory", np.zeros((16, 3, 64, 64), dtype=np.float32).nbytes / 1024)


def test_dot_product_cosine() -> None:
    a, b = np.array([1.0, 2.0, 2.0]), np.array([2.0, 1.0, 2.0])
    has_key("dot-product-cosine", float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))


def test_matmul_cost() -> None:
    rows, inner, columns = 20, 30, 10
    products = sum(inner for _ in range(rows) for _ in range(columns))
    has_key("matmul-cost", products)


def test_determinant_scaled() -> None:
    matrix = np.diag([1.0, 2.0, 2.0])
    assert np.isclose(np.linalg.det(matrix), 4.0)
    has_key("determinant-scaled", float(np.linalg.det(-2.0 * matrix)))


def test_svd_energy() -> None:
    matrix = np.diag([6.0, 3.0, 2.0])
    u, s, vt = np.linalg.svd(matrix)
    copy = s[0] * np.outer(u[:, 0], vt[0])
    has_key("svd-energy", float(np.sum(copy**2) / np.sum(matrix**2)))


def test_derivative_polynomial() -> None:
    def f(x: float) -> float:
        return x**3 - 5 * x

    h = 1e-5
    has_key("derivative-polynomial", (f(2 + h) - f(2 - h)) / (2 * h))


def test_gradient_one_step() -> None:
    w = np.array([3.0, 1.0])
    w = w - 0.1 * np.array([2 * w[0], 8 * w[1]])
    has_key("gradient-one-step", float(w[0] ** 2 + 4 * w[1] ** 2))


def test_chain_rule_cube() -> None:
    def y(x: float) -> float:
        return (2 * x - 1) ** 3

    h = 1e-5
    has_key("chain-rule-cube", (y(2 + h) - y(2 - h)) / (2 * h))


def test_taylor_second_order() -> None:
    step = 1.5 - 1.0
    has_key("taylor-second-order", 2.0 + 3.0 * step + 0.5 * 4.0 * step**2)


def test_taylor_best_step() -> None:
    rates = np.linspace(0.0, 1.0, 10001)
    has_key("taylor-best-step", float(rates[np.argmin(-rates * 4.0 + 0.5 * rates**2 * 16.0)]))
