"""The product assembled: the application, the command line, the embedded servers and the simulator.

It knows everything below it; nothing below imports it.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("halte")
except PackageNotFoundError:
    # Run from a folder that was never installed: say so rather than fail.
    VERSION = "0+uninstalled"
