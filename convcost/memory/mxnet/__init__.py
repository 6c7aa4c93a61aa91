"""The memory that MXNet 1.9.1's executor plans for a network, computed without MXNet."""

from convcost.memory.mxnet.layers import planned

__all__ = ["planned"]
