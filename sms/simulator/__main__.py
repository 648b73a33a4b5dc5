"""`python -m sms.simulator`: the simulator without Django."""

import argparse
import sys

from sms.simulator.options import add_arguments, read_options
from sms.simulator.server import run
from sms.simulator.settings import InvalidSetting


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sms.simulator", description="An HTTP stand-in for Twilio."
    )
    add_arguments(parser)
    try:
        options = read_options(vars(parser.parse_args()))
    except InvalidSetting as invalid:
        parser.error(str(invalid))
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
