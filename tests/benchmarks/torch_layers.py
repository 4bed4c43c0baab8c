"""Time PyTorch's ways to run a layer-normalized GRU and LSTM, forward and backward, side by side.

    python -m tests.benchmarks.torch_layers [--device cuda] [--seconds 2] [--sizes 128x16,512x64] [--results FILE] [-o FIGURE.svg]

prints a table in Markdown: milliseconds for T = 30 steps, the least of several rounds in which all take turns, on one core.
With ``--results`` each row is kept in a file, and those that are there are not measured again: the whole takes half an hour.

``lnpatch``     lnpatch.torch: input products of all steps at once, one autograd function for the recurrence
``eager``       the cell's equations, called step by step as one writes them
``TorchScript`` the form of PyTorch's own custom_lstms.py: a scripted layer with a scripted loop over a scripted cell
``compile``     torch.compile of the eager form; it unrolls the steps
``torch.nn``    torch.nn.GRU or LSTM, which has no layer normalization: the floor
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from lnpatch.torch import LayerNormGRU, LayerNormLSTM, RecurrentLayer

STEPS = 30
SIZES = [(dim, samples) for dim in (128, 512, 2400) for samples in (16, 64)]

Run = Callable[[Tensor], Tensor]


class ScriptedGRU(nn.Module):
    """LayerNormGRU as PyTorch's custom_lstms.py writes such layers: one scripted loop, cell by cell."""

    def __init__(self, layer: RecurrentLayer) -> None:
        super().__init__()
        self.W, self.b, self.U = layer.l0.W, layer.l0.b, layer.l0.U
        self.Wx, self.bx, self.Ux = layer.l0.Wx, layer.l0.bx, layer.l0.Ux
        dim = layer.hidden_size
        self.x_gates, self.h_gates = nn.LayerNorm(2 * dim), nn.LayerNorm(2 * dim)
        self.x_candidate, self.h_candidate = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], self.Ux.shape[0], dtype=x.dtype, device=x.device)
        outputs: list[Tensor] = []
        for step in x.unbind(0):
            gates = self.x_gates(step @ self.W + self.b) + self.h_gates(h @ self.U)
            reset, update = gates.sigmoid().chunk(2, 1)
            candidate = torch.tanh(self.x_candidate(step @ self.Wx + self.bx) + reset * self.h_candidate(h @ self.Ux))
            h = update * h + (1 - update) * candidate
            outputs += [h]
        return torch.stack(outputs)


class ScriptedLSTM(nn.Module):
    """LayerNormLSTM in the same form."""

    def __init__(self, layer: RecurrentLayer) -> None:
        super().__init__()
        self.W, self.b, self.U = layer.l0.W, layer.l0.b, layer.l0.U
        dim = layer.hidden_size
        self.x_gates, self.h_gates, self.cell = nn.LayerNorm(4 * dim), nn.LayerNorm(4 * dim), nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], self.U.shape[0], dtype=x.dtype, device=x.device)
        c = torch.zeros_like(h)
        outputs: list[Tensor] = []
        for step in x.unbind(0):
            gates = self.x_gates(step @ self.W + self.b) + self.h_gates(h @ self.U) + self.b
            i, f, o, candidate = gates.chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * candidate.tanh()
            h = o.sigmoid() * torch.tanh(self.cell(c))
            outputs += [h]
        return torch.stack(outputs)


def run_by_steps(layer: RecurrentLayer) -> Run:
    """The cell step by step."""

    def run(x: Tensor) -> Tensor:
        state, outputs = None, []
        for step in x.unbind(0):
            state = layer.l0(step, state)
            outputs.append(state if isinstance(state, Tensor) else state[0])
        return torch.stack(outputs)

    return run


def make_runs(kind: type[RecurrentLayer], dim: int, device: str, compiled: bool) -> dict[str, Run]:
    """Each way to run a layer of *dim* units on inputs of as many."""
    layer = kind(dim, dim, device=device)
    scripted = torch.jit.script({LayerNormGRU: ScriptedGRU, LayerNormLSTM: ScriptedLSTM}[kind](layer).to(device))
    floor = {LayerNormGRU: nn.GRU, LayerNormLSTM: nn.LSTM}[kind](dim, dim, device=device)
    runs: dict[str, Run] = {
        "lnpatch": lambda x: layer(x)[0],
        "eager": run_by_steps(layer),
        "TorchScript": scripted,
        "compile": torch.compile(run_by_steps(layer)),
        "torch.nn": lambda x: floor(x)[0],
    }
    if not compiled:
        del runs["compile"]
    return runs


def measure(runs: dict[str, Run], x: Tensor, seconds: float) -> dict[str, float]:
    """The least seconds of each, forward and backward, in rounds in which all take turns."""
    weight = torch.randn_like(runs["lnpatch"](x))
    best = dict.fromkeys(runs, float("inf"))
    for run in runs.values():  # compiles, and fills caches
        for _ in range(3):
            (run(x) * weight).sum().backward()
    end = time.perf_counter() + seconds * len(runs)
    rounds = 0
    while rounds < 3 or time.perf_counter() < end:
        rounds += 1
        for name, run in runs.items():
            if x.is_cuda:
                torch.cuda.synchronize()
            start = time.perf_counter()
            (run(x) * weight).sum().backward()
            if x.is_cuda:
                torch.cuda.synchronize()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each way and size")
    parser.add_argument("--sizes", default=",".join(f"{dim}x{samples}" for dim, samples in SIZES))
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out: it takes minutes")
    parser.add_argument("--results", type=Path, help="a file of JSON, a row a line")
    parser.add_argument("-o", "--output", type=Path, help="draw the ratios")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes.split(",")]
    where = (
        torch.cuda.get_device_name()
        if options.device == "cuda"
        else f"one core of {platform.processor() or platform.machine()}"
    )
    print(f"torch {torch.__version__}, {where}, T = {STEPS}, float32, milliseconds\n", flush=True)
    rows = []
    lines = options.results.read_text().splitlines() if options.results and options.results.exists() else []
    known = {tuple(row[:3]): row[3] for row in map(json.loads, lines)}
    for kind in (LayerNormGRU, LayerNormLSTM):
        for dim, samples in sizes:
            best = known.get((kind.__name__, dim, samples))
            if best is None:
                torch.compiler.reset()
                runs = make_runs(kind, dim, options.device, not options.no_compile)
                x = torch.randn(STEPS, samples, dim, device=options.device, requires_grad=True)
                best = measure(runs, x, options.seconds)
                if options.results:
                    with options.results.open("a") as file:
                        file.write(json.dumps([kind.__name__, dim, samples, best]) + "\n")
            if not rows:
                print(f"| layer | dim | N | {' | '.join(best)} | eager / lnpatch |")
                print("|---|--:|--:|" + "--:|" * (len(best) + 1))
            rows.append((kind.__name__, dim, samples, best))
            cells = " | ".join(f"{value * 1e3:.1f}" for value in best.values())
            print(
                f"| {kind.__name__} | {dim} | {samples} | {cells} | {best['eager'] / best['lnpatch']:.2f} |", flush=True
            )
    if options.output:
        draw(rows, options.output)


def draw(rows: list[tuple[str, int, int, dict[str, float]]], path: Path) -> None:
    """Draw how much longer each takes than lnpatch does."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for axis, kind in zip(axes, ("LayerNormGRU", "LayerNormLSTM"), strict=True):
        own = [row for row in rows if row[0] == kind]
        names = [name for name in own[0][3] if name != "lnpatch"]
        width = 0.8 / len(names)
        for i, name in enumerate(names):
            places = [place + (i - (len(names) - 1) / 2) * width for place in range(len(own))]
            axis.bar(places, [row[3][name] / row[3]["lnpatch"] for row in own], width, label=name)
        axis.axhline(1, color="black", linewidth=1)
        axis.set_title(kind)
        axis.set_xticks(range(len(own)), [f"dim {row[1]}\nN {row[2]}" for row in own])
    axes[0].set_ylabel("time / lnpatch's")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
