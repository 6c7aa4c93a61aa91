"""The shipped networks once more, in MXNet: the zoo's, and as the chapter and its notes write them.

A network is a function from the symbol of its input to that of its output. Nothing is
allocated: shapes, parameters and statistics are what MXNet's own ``infer_shape`` says.
"""

from __future__ import annotations

import json
import warnings
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import prod
from typing import Any, NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # MXNet was written for an older numpy
    import mxnet as mx

nn, vision = mx.gluon.nn, mx.gluon.model_zoo.vision
Symbol = Any  # MXNet has no types
Shape = tuple[int, ...]
# operator, output without the batch, learned parameters, statistics, multiply-accumulates
Row = tuple[str, tuple[Any, ...], Any, Any, Any]
Builder = Callable[[Symbol], Symbol]
Factory = Callable[[], Builder]


class Graph(NamedTuple):
    """A traced network, and the names of the parameters in it that are not learned."""

    symbol: Symbol
    fixed: frozenset[str]


def trace(build: Builder) -> Graph:
    """Trace a network, a Gluon block or a function of symbols."""
    parameters: Mapping[str, Any] = getattr(build, "collect_params", dict)()
    fixed = frozenset(name for name, each in parameters.items() if each.grad_req == "null")
    return Graph(build(mx.sym.var("data")), fixed)


def rows(graph: Graph, shape: Shape) -> Iterator[Row]:
    """Yield a row for every convolution, dense layer, batch norm and pooling of a graph."""
    internals = graph.symbol.get_internals()
    names, (_, found, _) = internals.list_outputs(), internals.infer_shape(data=shape)
    shapes: Mapping[str, Shape] = dict(zip(names, found, strict=True))
    assert len(shapes) == len(names)
    states = set(graph.symbol.list_auxiliary_states())
    nodes = json.loads(graph.symbol.tojson())["nodes"]
    for node in nodes:
        operator = node["op"]
        if operator not in {"Convolution", "FullyConnected", "BatchNorm", "Pooling"}:
            continue
        output = shapes[node["name"] + "_output"]
        source, *held = [nodes[index]["name"] for index, *_ in node["inputs"]]
        learned = sum(prod(shapes[name]) for name in held if name not in states | graph.fixed)
        statistics = sum(prod(shapes[name]) for name in held if name in states)
        dot = operator in {"Convolution", "FullyConnected"}
        macs = prod(output) * prod(shapes[held[0]][1:]) if dot else 0
        if operator == "Pooling":
            operator += _window(node["attrs"], shapes[source + "_output"])
        yield operator, output[1:], learned, statistics, macs


def _window(attributes: Mapping[str, str], given: Shape) -> str:
    whole = attributes.get("global_pool") == "True"
    height, width = given[2:] if whole else literal_eval(attributes["kernel"])
    return f" {attributes['pool_type']} {height}x{width}"


def chain(x: Symbol, *layers: Builder) -> Symbol:
    """Put layers one after the other, as nn.Sequential does."""
    for layer in layers:
        x = layer(x)
    return x


conv = partial(nn.Conv2D, activation="relu")  # of channels, kernel, strides, padding
pool = nn.MaxPool2D  # of size, strides, padding
lrn = partial(mx.sym.LRN, nsize=5)


def classify(x: Symbol, activation: str, *units: int, dropout: float = 0) -> Symbol:
    """End with dense layers, the last one without an activation."""
    for each in units[:-1]:
        x = nn.Dense(each, activation=activation)(x)
        x = nn.Dropout(dropout)(x) if dropout else x
    return nn.Dense(units[-1])(x)


def lenet(x: Symbol, *, second: int = 16, activation: str = "sigmoid") -> Symbol:
    """Build section 5.5's network, or the one in the notes on it."""
    for channels in (6, second):
        x = chain(x, nn.Conv2D(channels, 5, activation=activation), pool(2, 2))
    return classify(x, "sigmoid", 120, 84, 10)


def lenet_bn(x: Symbol) -> Symbol:
    """Build the network in the notes on section 5.10."""
    for layer in (nn.Conv2D(6, 5), nn.Conv2D(16, 5), nn.Dense(120), nn.Dense(84)):
        x = chain(x, layer, nn.BatchNorm(), nn.Activation("sigmoid"))
        x = pool(2, 2)(x) if isinstance(layer, nn.Conv2D) else x
    return nn.Dense(10)(x)


def lenet5(x: Symbol) -> Symbol:
    """Build figure 2 of LeCun et al. 1998, with C3 seeing all of S2 and plain averages."""
    layer = partial(nn.Conv2D, kernel_size=5, activation="tanh")
    x = chain(x, layer(6), nn.AvgPool2D(2, 2), layer(16), nn.AvgPool2D(2, 2), layer(120))
    return classify(x, "tanh", 84, 10)


def alexnet_d2l(x: Symbol) -> Symbol:
    """Build the network in the notes on section 5.6."""
    x = chain(x, conv(96, 11, 4), pool(3, 2), conv(256, 5, padding=2), pool(3, 2))
    x = chain(x, conv(384, 3, padding=1), conv(384, 3, padding=1), conv(256, 3, padding=1))
    return classify(pool(3, 2)(x), "relu", 4096, 4096, 10, dropout=0.5)


def alexnet_caffe(x: Symbol) -> Symbol:
    """Build bvlc_alexnet; ``ceil_mode`` is the operator's pooling_convention='full'."""
    halve, three = partial(pool, 3, 2, ceil_mode=True), partial(conv, kernel_size=3, padding=1)
    x = chain(x, conv(96, 11, 4), lrn, halve(), conv(256, 5, 1, 2, groups=2), lrn, halve())
    x = chain(x, three(384), three(384, groups=2), three(256, groups=2), halve())
    return classify(x, "relu", 4096, 4096, 1000, dropout=0.5)


def vgg11_d2l(x: Symbol) -> Symbol:
    """Build section 5.7's network of the notes' vgg_block."""
    for num_convs, num_channels in ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)):
        x = chain(x, *[conv(num_channels, 3, padding=1) for _ in range(num_convs)], pool(2, 2))
    return classify(x, "relu", 4096, 4096, 10, dropout=0.5)


def nin(x: Symbol, *, last: tuple[int, ...], ceil_mode: bool = False) -> Symbol:
    """Build section 5.8's network of the notes' nin_block, or the authors' in Caffe."""
    first, *ones = last  # the channels of the last block's convolutions
    for channels, kernel, strides, padding in ((96, 11, 4, 0), (256, 5, 1, 2), (384, 3, 1, 1)):
        x = conv(channels, kernel, strides, padding)(x)
        x = chain(x, *[conv(channels, 1) for _ in ones], pool(3, 2, ceil_mode=ceil_mode))
    x = chain(x, nn.Dropout(0.5), conv(first, 3, padding=1), *[conv(each, 1) for each in ones])
    return chain(x, nn.GlobalAvgPool2D(), nn.Flatten())


INCEPTIONS = (
    (64, (96, 128), (16, 32), 32),
    (128, (128, 192), (32, 96), 64),
    (192, (96, 208), (16, 48), 64),
    (160, (112, 224), (24, 64), 64),
    (128, (128, 256), (24, 64), 64),
    (112, (144, 288), (32, 64), 64),
    (256, (160, 320), (32, 128), 128),
    (256, (160, 320), (32, 128), 128),
    (384, (192, 384), (48, 128), 128),
)


def inceptions(x: Symbol, halve: Factory) -> Symbol:
    """Build GoogLeNet from 3a to 5b, with poolings before 3a, 4a and 5a."""
    for index, (c1, c2, c3, c4) in enumerate(INCEPTIONS):
        x = halve()(x) if index in {0, 2, 7} else x
        p2 = chain(x, conv(c2[0], 1), conv(c2[1], 3, padding=1))
        p3 = chain(x, conv(c3[0], 1), conv(c3[1], 5, padding=2))
        p4 = chain(x, pool(3, strides=1, padding=1), conv(c4, 1))
        x = mx.sym.concat(conv(c1, 1)(x), p2, p3, p4, dim=1)
    return x


def googlenet_d2l(x: Symbol) -> Symbol:
    """Build section 5.9's network."""
    halve = partial(pool, 3, 2, 1)
    x = chain(x, conv(64, 7, 2, 3), halve(), conv(64, 1), conv(192, 3, padding=1))
    return chain(inceptions(x, halve), nn.GlobalAvgPool2D(), nn.Dense(10))


def googlenet(x: Symbol) -> Symbol:
    """Build Caffe's bvlc_googlenet without the auxiliary heads."""
    halve = partial(pool, 3, 2, ceil_mode=True)
    x = chain(x, conv(64, 7, 2, 3), halve(), lrn, conv(64, 1), conv(192, 3, padding=1), lrn)
    x = nn.AvgPool2D(7, 1, ceil_mode=True)(inceptions(x, halve))
    return chain(x, nn.Dropout(0.4), nn.Dense(1000))


def residual(x: Symbol, channels: int, strides: int, *, preactivation: bool) -> Symbol:
    """Apply the Residual in the notes on section 5.11, with their first or second forward."""
    relu, bn1, bn2 = mx.sym.relu, nn.BatchNorm(), nn.BatchNorm()
    conv1 = nn.Conv2D(channels, kernel_size=3, padding=1, strides=strides)
    conv2 = nn.Conv2D(channels, kernel_size=3, padding=1)
    conv3 = nn.Conv2D(channels, kernel_size=1, strides=strides)
    y = conv2(bn2(relu(conv1(bn1(x))))) if preactivation else bn2(conv2(relu(bn1(conv1(x)))))
    return relu(y + (conv3(x) if strides > 1 else x))


def stem(x: Symbol) -> Symbol:
    """Build what sections 5.11 and 5.12 begin with."""
    first = nn.Conv2D(64, kernel_size=7, strides=2, padding=3)
    return chain(x, first, nn.BatchNorm(), nn.Activation("relu"), pool(3, 2, 1))


def resnet18_d2l(x: Symbol, *, preactivation: bool = False) -> Symbol:
    """Build section 5.11's network, or the one in the notes on it."""
    x = stem(x)
    for channels, strides in ((64, 1), (128, 2), (256, 2), (512, 2)):
        x = residual(x, channels, strides, preactivation=preactivation)
        x = residual(x, channels, 1, preactivation=preactivation)
    return chain(x, nn.GlobalAvgPool2D(), nn.Dense(10))


def densenet_d2l(x: Symbol) -> Symbol:
    """Build section 5.12's network: blocks of four convolutions of 32 channels."""
    x = stem(x)
    for halved in (96, 112, 120, None):
        for _ in range(4):
            y = chain(x, nn.BatchNorm(), nn.Activation("relu"), nn.Conv2D(32, 3, padding=1))
            x = mx.sym.concat(x, y, dim=1)
        x = chain(x, nn.BatchNorm(), nn.Activation("relu"))
        x = chain(x, nn.Conv2D(halved, 1), nn.AvgPool2D(2, 2)) if halved else x
    return chain(x, nn.GlobalAvgPool2D(), nn.Dense(10))


RGB, GRAY = (3, 224, 224), (1, 96, 96)
# Not here: resnet50, 101 and 152. In Gluon's zoo the 1x1 convolutions of their first version
# have biases, which neither the paper's nor torchvision's have; and its stride is in the 1x1.
ZOO = (
    "alexnet densenet121 densenet161 densenet169 densenet201 vgg11 vgg13 vgg16 vgg19 vgg11-bn"
    " vgg13-bn vgg16-bn vgg19-bn resnet18-v2 resnet34-v2 resnet50-v2 resnet101-v2 resnet152-v2"
)
NETWORKS: Mapping[str, tuple[Factory, Shape]] = {
    "resnet18": (vision.resnet18_v1, RGB),
    "resnet34": (vision.resnet34_v1, RGB),
    **{name: (getattr(vision, name.replace("-", "_")), RGB) for name in ZOO.split()},
    "densenet264": (lambda: vision.DenseNet(64, 32, [6, 12, 64, 48]), RGB),
    "lenet": (lambda: lenet, (1, 28, 28)),
    "lenet-bn": (lambda: lenet_bn, (1, 28, 28)),
    "lenet-notes": (lambda: partial(lenet, second=10, activation="relu"), (1, 28, 28)),
    "lenet5": (lambda: lenet5, (1, 32, 32)),
    "alexnet-caffe": (lambda: alexnet_caffe, (3, 227, 227)),
    "alexnet-d2l": (lambda: alexnet_d2l, (1, 224, 224)),
    "nin": (lambda: partial(nin, last=(1024, 1024, 1000), ceil_mode=True), RGB),
    "nin-d2l": (lambda: partial(nin, last=(10, 10, 10)), (1, 224, 224)),
    "nin-d2l-one1x1": (lambda: partial(nin, last=(10, 10)), (1, 224, 224)),
    "googlenet": (lambda: googlenet, RGB),
    "googlenet-d2l": (lambda: googlenet_d2l, GRAY),
    "resnet18-d2l": (lambda: resnet18_d2l, GRAY),
    "resnet18-d2l-preact": (lambda: partial(resnet18_d2l, preactivation=True), GRAY),
    "densenet-d2l": (lambda: densenet_d2l, GRAY),
}
