# SPDX-License-Identifier: GPL-2.0-only
"""How lab says that something can't be done."""


class Failure(Exception):
    """A sentence, and the exit code that goes with it: 1 usage, 2 refused."""

    def __init__(self, sentence, code=2):
        super().__init__(sentence)
        self.code = code
