"""Another process that refreshes a token: ``python -m tests.mail.oauth.refresher CREDENTIALS``.

Settings come by the environment. Prints ``ready``, refreshes at the first line of its input, and
prints the digest of the token it has then, or the class of what went wrong.
"""

import sys
from hashlib import sha256

from adapters.composition.mailboxes import tokens_over
from adapters.composition.programs import running
from adapters.settings.loading import load_settings
from engine.work.classifying.classifier import classify
from engine.work.ports import Mailbox
from engine.work.tokens import TokenError
from tests.mail.oauth.registering import ANN
from tests.workplace import ACME


def told(credentials: str) -> str:
    settings = load_settings()
    with running(settings) as program:
        tokens = tokens_over(program.opened, settings, ACME)
        say("ready")
        sys.stdin.readline()
        try:
            token = tokens.valid(Mailbox(ANN, credentials))
        except TokenError as error:
            return str(classify(error.evidence).failure)
        return sha256(token.value.reveal().encode()).hexdigest()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say(told(sys.argv[1]))
