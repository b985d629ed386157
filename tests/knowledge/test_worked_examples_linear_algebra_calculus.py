"""The numbers in the worked examples on linear algebra and calculus, computed again."""

import math

import numpy as np
import torch

from tests.knowledge.worked_example import states


def _list(array: np.ndarray) -> str:
    """An array of whole numbers as the notes print it: [[1, 2], [3, 4]]."""
    return str(np.asarray(array).astype(int).tolist())


def _point(array: np.ndarray, digits: int = 0) -> str:
    """A vector as the notes print it: (1, 2)."""
    return "(" + ", ".join(f"{x:.{digits}f}" for x in np.asarray(array, dtype=float)) + ")"


def _whole(number: float) -> str:
    """A number that must be whole (up to rounding), as text."""
    assert math.isclose(number, round(number), abs_tol=1e-9)
    return str(round(number))


def test_scalar_vector() -> None:
    v, w = np.array([3, 4]), np.array([1, 2])
    states("scalar-vector", *(_point(x) for x in (v, w, v + w, 2 * v, 2 * v - w)))


def test_matrix() -> None:
    a, x = np.array([[2, 0], [1, 3]]), np.array([1, 2])
    first, second = a @ x
    states("matrix", _list(a), _whole(first), _whole(second), _point(a @ x))
    states("matrix", _point(a @ np.array([1, 0])), _point(a @ np.array([0, 1])))


def test_tensor() -> None:
    batch = torch.zeros(32, 3, 28, 28, dtype=torch.float32)
    states("tensor", str(batch.dim()), str(batch[0].numel()), str(batch.numel()))
    states("tensor", str(batch.numel() * batch.element_size()))


def test_broadcasting() -> None:
    prediction = torch.tensor([[1.0], [2.0], [3.0]])
    target = torch.tensor([1.0, 2.0, 3.0])
    difference = prediction - target
    squares = difference.square()
    states("broadcasting", str(tuple(difference.shape)), _whole(squares.sum().item()))
    states("broadcasting", str(squares.numel()), f"{squares.mean().item():.3f}")
    states("broadcasting", _whole((prediction.squeeze(1) - target).square().mean().item()))
    states("broadcasting", *(_whole(x) for x in difference.flatten().tolist()))


def test_dot_product() -> None:
    a, b = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    states("dot-product", *(_whole(p) for p in a * b), _whole(a @ b))
    states("dot-product", f"{length_a:.3f}", f"{length_b:.3f}", f"{a @ b / (length_a * length_b):.3f}")


def test_matmul() -> None:
    a, b = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])
    states("matmul", _whole((a @ b)[0, 0]), _list(a @ b), _list(b @ a), _list(a * b))


def test_transpose() -> None:
    a = np.array([[1, 2, 3], [4, 5, 6]])
    gram = a.T @ a
    assert np.array_equal(gram, gram.T)
    states("transpose", _list(a), _list(a.T), _list(a.reshape(3, 2)))
    states("transpose", *(str(row.tolist()) for row in gram))


def test_norm() -> None:
    v, a = np.array([3.0, -4.0]), np.array([[1.0, 2.0], [2.0, 4.0]])
    states("norm", *(_whole(np.linalg.norm(v, order)) for order in (1, 2, np.inf)))
    states("norm", _whole(np.linalg.norm(a, "fro")), f"√{_whole((a**2).sum())}")


def test_linear_independence() -> None:
    dependent = np.array([[1, 2], [2, 4]])
    independent = np.array([[1, 2], [0, 1]])
    states("linear-independence", f"rank {np.linalg.matrix_rank(dependent)}")
    states("linear-independence", f"rank {np.linalg.matrix_rank(independent)}")
    states("linear-independence", _point(2 * dependent[0]))
    first, second = np.linalg.solve(independent.T.astype(float), np.array([3.0, 5.0]))
    mix = f"{_whole(first)}·{_point(independent[0])} + ({_whole(second)})·{_point(independent[1])}"
    states("linear-independence", mix)


def test_inverse() -> None:
    a, b = np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([5.0, 3.0])
    x = np.linalg.solve(a, b)
    states("inverse", _whole(np.linalg.det(a)), _list(np.linalg.inv(a).round(9)), _point(x), _point(a @ x))


def test_determinant() -> None:
    a, flat = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [2.0, 4.0]])
    for matrix in (a, a[::-1], 2 * a, flat):
        states("determinant", _whole(np.linalg.det(matrix)))
    states("determinant", _list(a), _list(a[::-1]), _list(flat))


def test_orthogonal() -> None:
    q, x = np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([1.0, 2.0])
    assert np.allclose(q.T @ q, np.eye(2))
    states("orthogonal", _whole(q[:, 0] @ q[:, 1]), _whole(np.linalg.norm(q[:, 0])), _point(q @ x))
    states("orthogonal", *(f"{np.linalg.norm(y):.3f}" for y in (x, q @ x)))
    products = q * x
    states("orthogonal", f"{products[0, 0]:.1f}", f"{-products[0, 1]:.1f}", f"{products[1, 1]:.1f}")


def test_eigen() -> None:
    a = np.array([[2, 1], [1, 2]])
    for vector in ([1, 1], [1, -1], [1, 0]):
        states("eigen", _point(a @ np.array(vector)))
    values = np.linalg.eigvalsh(a)
    states("eigen", *(f"eigenvalue {_whole(value)}" for value in values))
    stretched = np.linalg.matrix_power(a, 10) @ np.array([1, 1])
    states("eigen", _whole(stretched[0]))
    assert stretched[0] == stretched[1]


def test_psd() -> None:
    x = np.array([1.0, -1.0])
    for matrix in (np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [2.0, 1.0]])):
        low, high = np.linalg.eigvalsh(matrix)
        states("psd", _list(matrix), _whole(x @ matrix @ x), f"{_whole(low)} and {_whole(high)}")


def test_svd() -> None:
    a = np.array([[3.0, 0.0], [4.0, 5.0]])
    u, s, vh = np.linalg.svd(a)
    copy = s[0] * np.outer(u[:, 0], vh[0])
    low, high = np.linalg.eigvalsh(a.T @ a)
    states("svd", _list(a), _list(a.T @ a), f"{_whole(high)} and {_whole(low)}")
    states("svd", f"{s[0]:.3f}", f"{s[1]:.3f}", f"{np.linalg.norm(a - copy):.3f}")
    states("svd", str(copy.round(9).tolist()), f"{s[0] ** 2 / (s**2).sum():.1f}", _whole((s**2).sum()))


def test_pca() -> None:
    points = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 4.0], [4.0, 6.0], [5.0, 5.0]])
    mean = points.mean(axis=0)
    centred = points - mean
    covariance = centred.T @ centred / (len(points) - 1)
    (low, high), directions = np.linalg.eigh(covariance)
    first = np.abs(directions[:, 1])
    states("pca", *(_point(point) for point in points), _point(mean), str(covariance.tolist()))
    states("pca", f"{high:.1f} and {low:.1f}", _point(first, 3), f"{high / (low + high):.2f}")
    states("pca", _whole(low + high), _point(centred[4]), f"{centred[4] @ first:.3f}")


def test_least_squares() -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 4.0])
    columns = np.stack([np.ones(3), x], axis=1)
    (b, w), *_ = np.linalg.lstsq(columns, y)
    prediction = columns @ np.array([b, w])
    residual = y - prediction
    states("least-squares", _list(columns.T @ columns), _point(columns.T @ y), f"b = {b:.1f}", f"w = {w:.1f}")
    states("least-squares", ", ".join(f"{p:.1f}" for p in prediction))
    states("least-squares", ", ".join(f"{r:.1f}" for r in residual), _whole(residual.sum()))
    states("least-squares", f"{residual @ residual:.1f}")


def test_derivative() -> None:
    def f(x: float) -> float:
        return x**2

    for h, digits in ((0.1, 1), (0.01, 2)):
        states("derivative", f"{(f(3 + h) - f(3)) / h:.{digits}f}", f"{f(3 + h):.{2 * digits}f}")
    x = torch.tensor(3.0, requires_grad=True)
    (x**2).backward()
    assert x.grad is not None
    states("derivative", f"f'(3) = {_whole(x.grad.item())}")


def test_partial_derivative() -> None:
    def f(x: float, y: float) -> float:
        return x**2 * y + 3 * y

    states("partial-derivative", _whole(f(2, 5)), f"{f(2.01, 5):.4f}")
    states("partial-derivative", f"{(f(2.01, 5) - f(2, 5)) / 0.01:.2f}")
    x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    (x**2 * y + 3 * y).backward()
    assert x.grad is not None
    assert y.grad is not None
    states("partial-derivative", _whole(x.grad.item()), _whole(y.grad.item()))


def test_gradient() -> None:
    w = torch.tensor([2.0, 1.0], dtype=torch.float64, requires_grad=True)
    value = w[0] ** 2 + 3 * w[1] ** 2
    value.backward()
    assert w.grad is not None
    gradient = w.grad.numpy()
    moved = w.detach().numpy() - 0.1 * gradient
    states("gradient", _whole(value.item()), _point(gradient), f"{np.linalg.norm(gradient):.3f}")
    states("gradient", _point(moved, 1), f"{moved[0] ** 2 + 3 * moved[1] ** 2:.2f}")


def test_jacobian() -> None:
    def f(v: torch.Tensor) -> torch.Tensor:
        return torch.stack([v[0] ** 2 * v[1], v[0] + v[1]])

    start = torch.tensor([3.0, 2.0], dtype=torch.float64)
    move = torch.tensor([0.01, 0.02], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(f, start)
    assert isinstance(jacobian, torch.Tensor)
    states("jacobian", _point(f(start).numpy()), _list(jacobian.numpy()))
    states("jacobian", _point((jacobian @ move).numpy(), 2))
    after = f(start + move)[0].item()
    states("jacobian", f"{after:.4f}", f"{after - f(start)[0].item():.4f}")


def test_hessian() -> None:
    def f(v: torch.Tensor) -> torch.Tensor:
        return v[0] ** 2 + 4 * v[0] * v[1] + v[1] ** 2

    hessian = torch.autograd.functional.hessian(f, torch.zeros(2, dtype=torch.float64))
    assert isinstance(hessian, torch.Tensor)
    low, high = np.linalg.eigvalsh(hessian.numpy())
    states("hessian", _list(hessian.numpy()), f"{_whole(high)} and {_whole(low)}")
    for point in ([1.0, 1.0], [1.0, -1.0]):
        states("hessian", _point(np.array(point)), _whole(f(torch.tensor(point)).item()))


def test_chain_rule() -> None:
    def y(x: float) -> float:
        return (3 * x + 1) ** 2

    x = torch.tensor(2.0, requires_grad=True)
    u = 3 * x + 1
    u.retain_grad()
    (u**2).backward()
    assert x.grad is not None
    assert u.grad is not None
    states("chain-rule", f"u = {_whole(u.item())}", f"y = {_whole(y(2))}", _whole(u.grad.item()))
    states("chain-rule", f"= {_whole(x.grad.item())}", _whole(x.grad.item() / u.grad.item()))
    states("chain-rule", f"{(y(2.001) - y(2)) / 0.001:.3f}")


def test_taylor() -> None:
    def first(x: float) -> float:
        return 1 + x

    def second(x: float) -> float:
        return 1 + x + x**2 / 2

    states("taylor", f"{first(0.1):.1f}", f"{second(0.1):.3f}", f"{math.exp(0.1):.5f}")
    states("taylor", f"{first(1):.0f}", f"{second(1):.1f}", f"{math.exp(1):.5f}")
    assert math.exp(0.1) - second(0.1) < 0.0002
    states("taylor", f"{math.exp(1) - second(1):.3f}")


def test_matrix_calculus() -> None:
    w = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = torch.tensor([2.0, 1.0], requires_grad=True)
    z = w @ x
    delta = z - torch.tensor([3.0, 12.0])
    loss = 0.5 * delta.square().sum()
    loss.backward()
    assert w.grad is not None
    assert x.grad is not None
    states("matrix-calculus", *(_point(v.detach().numpy()) for v in (z, delta)), f"{loss.item():.1f}")
    states("matrix-calculus", _list(w.grad.numpy()), _point(x.grad.numpy()))


def test_autodiff() -> None:
    w, x, b = (torch.tensor(value, requires_grad=True) for value in (3.0, 2.0, 1.0))
    p = w * x + b
    e = p - 5.0
    e.retain_grad()
    loss = e**2
    loss.backward()
    states("autodiff", *(_whole(value.item()) for value in (p, e, loss)))
    for leaf in (e, w, b, x):
        assert leaf.grad is not None
        states("autodiff", f"= {_whole(leaf.grad.item())}")
