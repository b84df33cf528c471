"""How far rounding carries a model's outputs: float64 runs whose every operation is disturbed by the rounding of a narrower one."""

import math
from collections import Counter

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

U = 2.0**-24  # unit roundoff of f32
HALF = 2.0**-11, 2.0**-25  # of a number stored as f16: relative, and absolute below the normal numbers

# Move, read or choose numbers, and compute none.
EXACT = set(
    "__get__ __getitem__ __set__ bool cat dim dropout expand flatten int ndim numel pad permute reshape select "
    "size stack to transpose unbind unsqueeze view __iter__ __len__ __rsub__ _assert contiguous double".split()
)

# As operators are called where they are not called by name.
OPERATORS = {"__matmul__": "matmul"}

# Which operand is data from outside: the images, the target.
OUTSIDE = {"conv2d": 0, "mse_loss": 1}

# Make a model's input of pixels. That is done in f32 whatever the model's numbers are stored as.
NORMALISING = {"sub", "true_divide"}


class Float64(TorchFunctionMode):
    """
    All in float64: mmpretrain casts the position embedding to float32 before it resizes it, and transformers takes the softmax in
    float32, which is not exact. Operations that are not known here are refused, so that none goes by undisturbed.
    """

    def __init__(self):
        super().__init__()
        self.handled = Counter()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name, kwargs = function.__name__.split(".")[0], kwargs or {}
        name = OPERATORS.get(name, name)
        if name == "float":
            return args[0]
        if name in EXACT:
            return function(*args, **kwargs)
        handler = getattr(self, f"on_{name}", None)
        if handler is None:
            raise NotImplementedError(f"the rounding of {name} is not modelled")
        # torch hands a norm's parameters on by their names
        args, kwargs = self.read(name, args), {key: self.parameter(v) for key, v in kwargs.items() if key != "dtype"}
        result = function(*args, **kwargs)
        self.handled[name] += 1
        # Counts of masked patches are integers.
        return self.disturbed(name, handler, result, args, kwargs) if result.is_floating_point() else result

    def read(self, name, args):
        """The operands as the operation sees them."""
        return args

    def parameter(self, v):
        """An operand that comes from outside if it is a parameter."""
        return v

    def disturbed(self, name, handler, result, args, kwargs):
        return result

    def _known(self, y, *_, **__):
        return y

    on_linear = on_conv2d = on_matmul = on_layer_norm = on_gelu = on_softmax = on_interpolate = _known
    on_mean = on_sum = on_add = on_mul = on_div = on_sub = on_true_divide = on_sigmoid = on_mse_loss = _known


class Rounding(Float64):
    """
    Disturbs the result of every operation as rounding to f32 does, by independent random numbers xi: uniform in [-1, 1] for one
    rounding, and normal with the same variance, 1/3, for the sum of many.

    A sum of d terms is d additions, each of which errs by at most u = 2^-24 of the partial sum it yields. The partial sums of terms
    with random signs are a random walk to the result y, and those of terms with one sign grow evenly; let Q^2 be the sum of the squared
    terms. Their mean square is near Q^2 / 2 for the one and y^2 / 3 for the other, and (Q^2 + y^2) / 2 is above both. So

        y += u sqrt(d) sqrt((Q^2 + y^2) / 2) xi

    stands for a plain loop over d; sums in blocks or trees are better than that. For a product of matrices Q^2 = sum_k (a_k b_k)^2 is
    taken as |a|^2 |b|^2 / d, which holds for factors that do not know of each other and saves a second product: for random signs
    the disturbance is then u |a| |b| xi.

    With `half`, stored numbers are f16: parameters and images where they are read, and each result; sums stay f32.
    """

    def __init__(self, seed, half=False):
        super().__init__()
        self.random = torch.Generator().manual_seed(int(seed))
        self.half = half

    def xi(self, shape):
        return torch.empty(shape).uniform_(-1, 1, generator=self.random)

    def normal(self, shape):
        return torch.empty(shape).normal_(0, 3**-0.5, generator=self.random)

    def stored(self, x):
        """x as it comes back from where it is stored."""
        relative, absolute = HALF
        return x + (x.abs() * relative + absolute) * self.xi(x.shape) if self.half else x

    def read(self, name, args):
        """With `half`, parameters, images and targets come from where they are stored; other operands were stored as results."""
        outside = OUTSIDE.get(name)
        return [self.stored(v) if i == outside else self.parameter(v) for i, v in enumerate(args)]

    def parameter(self, v):
        return self.stored(v) if isinstance(v, torch.nn.Parameter) else v

    def disturbed(self, name, handler, result, args, kwargs):
        result = handler(result, *args, **kwargs)
        return result if name in NORMALISING else self.stored(result)

    def of_sum(self, y, squares, depth):
        """What `depth` additions add to y; `squares` is Q^2. Its size need not be known better than in f32."""
        y = y.float()
        return torch.addcmul(squares.float(), y, y).mul_(depth / 2 * U**2).sqrt_().mul_(self.normal(y.shape))

    def on_linear(self, y, x, weight, bias=None):
        depth = x.shape[-1]
        squares = x.square().sum(-1, keepdim=True) * (weight.square().sum(-1) / depth)
        return y + self.of_sum(y, squares, depth)

    def on_conv2d(self, y, x, weight, bias, stride, *_):
        depth = weight[0].numel()
        window = torch.nn.functional.conv2d(x.square(), torch.ones_like(weight[:1]), None, stride)
        squares = window * (weight.flatten(1).square().sum(1) / depth)[:, None, None]
        return y + self.of_sum(y, squares, depth)

    def on_matmul(self, y, a, b):
        depth = a.shape[-1]
        squares = a.square().sum(-1, keepdim=True) * (b.square().sum(-2, keepdim=True) / depth)
        return y + self.of_sum(y, squares, depth)

    def on_layer_norm(self, y, x, shape, weight, bias, eps):
        """
        (x - mean) * rstd * weight + bias: four roundings of each element. Mean and variance are wrong for a whole token at once. The
        variance is a sum of C squares, wrong by at most about sqrt(C) u; its root halves that, and adds 3 u with the division.
        """
        depth = x.shape[-1]
        mean, rstd = x.mean(-1, keepdim=True), (x.var(-1, unbiased=False, keepdim=True) + eps).rsqrt()
        shift = self.of_sum(mean * depth, x.square().sum(-1, keepdim=True), depth) / depth
        factor = (3 + math.sqrt(depth) / 2) * U * self.xi(mean.shape)
        product = y - bias
        own = (3 * product.square() + y.square()).float().sqrt_().mul_(U).mul_(self.xi(y.shape))
        return y + own + product * factor - shift * rstd * weight

    def on_gelu(self, y, x, **_):
        """x / 2 (1 + erf): the error function is right to a few u of 1, where x is negative and y is small too."""
        return y + x.float().abs_().mul_(6 * U).mul_(self.xi(y.shape))

    def on_softmax(self, y, x, **_):
        """exp(x - max): the difference rounds, exp is right to 2 u; the division to 3 u; the sum is wrong for a whole row at once."""
        drop = (x - x.amax(-1, keepdim=True)).float()
        row = self.of_sum(torch.ones_like(drop[..., :1]), y.square().sum(-1, keepdim=True), x.shape[-1])
        return y + y * drop.square_().add_(13).sqrt_().mul_(U).mul_(self.xi(y.shape)).add_(row)

    def on_interpolate(self, y, x, size, **_):
        """16 products, at a place that is itself rounded: u times the place, times the slope, which is of the size of the numbers."""
        places = max(x.shape[2:])
        return y + U * math.sqrt(16 + places**2) * x.square().mean().sqrt() * self.xi(y.shape)

    def on_sigmoid(self, y, x):
        """1 / (1 + exp(-x)): exp is right to 2 u of itself, the sum and the division round; 1 - y is exp's share of the sum."""
        return y + y * (4 * (1 - y).square() + 2).sqrt() * U * self.xi(y.shape)

    def on_mean(self, y, x, dim):
        depth = x.shape[dim]
        return y + self.of_sum(y * depth, x.square().sum(dim), depth) / depth + U * y.abs() * self.xi(y.shape)

    def on_sum(self, y, x):
        return y + self.of_sum(y, x.double().square().sum(), x.numel())

    def on_mse_loss(self, y, *_, **__):
        """A difference, whose rounding counts twice, and its square."""
        return y + math.sqrt(5) * U * y * self.xi(y.shape)

    def on_add(self, y, *_):
        return y + U * y.abs() * self.xi(y.shape)

    on_mul = on_div = on_sub = on_true_divide = on_add


# One for one what PyTorch computes below the functions above.
ATEN = {
    "linear": ["addmm"],
    "conv2d": ["convolution"],
    "matmul": ["bmm"],
    "layer_norm": ["native_layer_norm"],
    "gelu": ["gelu"],
    "softmax": ["_softmax"],
    "interpolate": ["upsample_bicubic2d"],
    "mean": ["mean"],
    "sum": ["sum"],
    "mse_loss": ["mse_loss"],
    "add": ["add"],
    "mul": ["mul"],
    "div": ["div"],
    "sub": ["sub"],
    "sigmoid": ["sigmoid"],
    "true_divide": ["div"],
}
# Other kernels of the same functions: without a bias, antialiased.
VARIANTS = {"mm": "addmm", "_upsample_bicubic2d_aa": "upsample_bicubic2d"}
# Copies, shapes, and the mask's complement, which is of integers.
STILL = set(
    "view _unsafe_view expand t clone _reshape_alias transpose select slice permute cat _to_copy constant_pad_nd unsqueeze stack unbind "
    "rsub detach alias ones_like as_strided".split()
)


class Kernels(TorchDispatchMode):
    """Counts what reaches PyTorch's kernels."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.__name__.split(".")[0]
        self.counts[VARIANTS.get(name, name)] += 1
        return function(*args, **(kwargs or {}))


def audit(run):
    """Runs it exactly; throws where a kernel computed something that was not seen, and so would not be disturbed."""
    with Float64() as seen, Kernels() as kernels:
        result = run()
    expected = Counter()
    for name, count in seen.handled.items():
        expected.update({aten: count for aten in ATEN[name]})
    found = Counter({name: count for name, count in kernels.counts.items() if name not in STILL})
    if expected != found:
        raise AssertionError(f"seen {dict(expected)}, computed {dict(found)}")
    return result


def factor(runs, coverage=3.0902, confidence=1.6449):
    """
    k of the one-sided tolerance limit mean + k * sd that covers 99.9 % of a normal distribution with 95 % confidence, from `runs`
    samples (Natrella's approximation of the noncentral t).
    """
    a = 1 - confidence**2 / (2 * (runs - 1))
    b = coverage**2 - confidence**2 / runs
    return (coverage + math.sqrt(coverage**2 - a * b)) / a


def chi_square(degrees, z=-1.6449):
    """Its 5 % quantile (Wilson and Hilferty's approximation)."""
    return degrees * (1 - 2 / (9 * degrees) + z * math.sqrt(2 / (9 * degrees))) ** 3


def limit(errors, numbers):
    """
    What 99.9 % of such errors stay below, with 95 % confidence. The largest of many numbers' errors, and their length, are taken as
    log-normal; the error of a single number is normal around 0, whose logarithm is not.
    """
    errors = np.asarray(errors, np.float64)
    if numbers == 1:
        return float(3.2905 * math.sqrt((errors**2).sum() / chi_square(len(errors))))
    logs = np.log(errors)
    return float(np.exp(logs.mean() + factor(len(errors)) * logs.std(ddof=1)))
