"""What a convolutional network costs, in closed form, and proven by measurement."""

from convcost.analyse import analyse
from convcost.catalogue import find, known_networks, load
from convcost.cost import LayerCost, NetworkCost, Note, Total
from convcost.errors import ConvcostError
from convcost.graph import Network, build
from convcost.load import read_file, read_text
from convcost.work import Parameters, Work

__version__ = "0.1.0"

__all__ = [
    "ConvcostError",
    "LayerCost",
    "Network",
    "NetworkCost",
    "Note",
    "Parameters",
    "Total",
    "Work",
    "analyse",
    "build",
    "find",
    "known_networks",
    "load",
    "read_file",
    "read_text",
]
