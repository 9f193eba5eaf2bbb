#!/usr/bin/env python3
"""Training steps of PyTorch as Python users write them, beside `azulejo bench` and `azulejo compare training`.

The same networks (Zoo.java), SGD with momentum 0.9, softmax cross-entropy, random images that are on the device already; a
step is everything from the images to the updated weights. Four ways: eager, torch.compile, and on CUDA the whole step as one
graph, eager and compiled. What this PyTorch cannot do is reported with its reason, not left out.

    python3 training.py --device cuda --precision fp32 --batch 64,256 --json FILE
"""

import argparse
import json
import platform
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

RELU = nn.ReLU


def lenet5():
    return (1, 28, 28), nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), RELU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), RELU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), RELU(), nn.Linear(120, 84), RELU(), nn.Linear(84, 10))


def mnist_cnn():
    return (1, 28, 28), nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), RELU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), RELU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), RELU(), nn.Linear(128, 10))


def vgg_small():
    return (3, 32, 32), nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), RELU(), nn.Conv2d(32, 32, 3, padding=1), RELU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), RELU(), nn.Conv2d(64, 64, 3, padding=1), RELU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4096, 256), RELU(), nn.Linear(256, 10))


NETWORKS = {"lenet5": lenet5, "mnist-cnn": mnist_cnn, "vgg-small": vgg_small}
WAYS = ("eager", "compiled", "graph", "compiled graph")
WARM_UP = 11  # steps; the first ones compile, and a graph wants a few before it is captured


def step_function(network, batch, way, precision, device):
    """A function that runs one step of `way`."""
    torch.manual_seed(42)
    shape, model = NETWORKS[network]()
    layout = torch.channels_last if precision == "bf16" else torch.contiguous_format
    model = model.to(device, memory_format=layout)
    images = torch.randn(batch, *shape, device=device).to(memory_format=layout)
    labels = torch.randint(0, 10, (batch,), device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    forward = torch.compile(model) if way.startswith("compiled") else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = functional.cross_entropy(forward(images), labels)
        loss.backward()
        optimizer.step()

    if not way.endswith("graph"):
        return step
    if device.type != "cuda":
        raise RuntimeError("graphs are for CUDA")
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def measure(step, device, seconds):
    """Seconds of a step: samples of several steps each, and the device's end waited for once a sample."""
    finish = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    for _ in range(WARM_UP):
        step()
    finish()
    begin = time.perf_counter()
    step()
    finish()
    runs = max(1, int(0.02 / max(1e-6, time.perf_counter() - begin)))
    samples = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 5:
        begin = time.perf_counter()
        for _ in range(runs):
            step()
        finish()
        samples.append((time.perf_counter() - begin) / runs)
    return samples


def save(path, document):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--network", default=",".join(NETWORKS))
    parser.add_argument("--batch", default="64,256")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    parser.add_argument("--way", default=",".join(WAYS))
    parser.add_argument("--threads", type=int, help="of the CPU; default: PyTorch's own")
    parser.add_argument("--seconds", type=float, default=1, help="of measuring for each; default: 1")
    parser.add_argument("--json", help="where the results are saved, too")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    # PyTorch's default allows TF32 in convolutions and not in matrix products; here one precision holds for both.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = arguments.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    environment = {
        "pytorch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "threads": torch.get_num_threads(),
        "precision": arguments.precision,
    }
    print(environment)
    results = []
    for network in arguments.network.split(","):
        for batch in map(int, arguments.batch.split(",")):
            for way in arguments.way.split(","):
                result = {"network": network, "batch": batch, "way": way}
                try:
                    torch.compiler.reset()
                    step = step_function(network, batch, way, arguments.precision, device)
                    samples = measure(step, device, arguments.seconds)
                    result["medianSeconds"] = statistics.median(samples)
                    result["fastestSeconds"] = min(samples)
                    result["samples"] = len(samples)
                    print(f"{network:10} {batch:5} {way:15} {1e3 * result['medianSeconds']:9.4f} ms", flush=True)
                except Exception as failure:  # of whatever part of PyTorch; the others are measured all the same
                    result["remark"] = f"{type(failure).__name__}: {str(failure).splitlines()[0]}"
                    print(f"{network:10} {batch:5} {way:15} {result['remark']}", flush=True)
                results.append(result)
                if arguments.json:  # each time: compiling takes long, and a time limit may end this
                    save(arguments.json, {"comparison": "pytorch training", "environment": environment, "results": results})
    return 0 if any("medianSeconds" in result for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
