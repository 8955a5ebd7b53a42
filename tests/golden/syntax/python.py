"""Accounts and<|> their owners."""
import os

LIMIT = 10


class Account:
    rate = 0.5

    def __init__(self, owner):
        self.owner = owner
        <|>

    @property
    def label(self):
        return f"owner: {self.<|>owner}!<|>"

    async def load(self):  # from disk<|>
        for line in open(self.owner):
            if line:
                <|>
    <|>
<|>

def total(accounts):
    def one(a):
        return a.rate<|>

    return sum(one(a) for a in accounts)


def empty():
    <|>
