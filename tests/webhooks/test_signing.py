"""Standard Webhooks 1.0.0: signatures, secrets, and their rotation."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engine.work.secret import Secret
from engine.work.webhooks.signing import Scheme, new_secret, signed, signer, verifier
from tests.webhooks.desk import Desk
from tests.webhooks.receiver import Receiver

AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'


def test_the_vector_of_the_specifications_own_library_is_met() -> None:
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed([signer(secret)], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_foreign_library_verifies_ours_and_refuses_what_was_altered() -> None:
    secret, now = new_secret(Scheme.HMAC), datetime.now(UTC)
    headers = {**signed([signer(secret)], "a.1:7", now, BODY)}
    Webhook(verifier(secret)).verify(BODY, headers)
    for altered in ({"webhook-id": "a.1:8"}, {"webhook-timestamp": str(int(now.timestamp()) + 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(verifier(secret)).verify(BODY, headers | altered)
    with pytest.raises(WebhookVerificationError):
        Webhook(verifier(new_secret(Scheme.HMAC))).verify(BODY, headers)


def test_the_public_key_alone_verifies_ed25519() -> None:
    secret = new_secret(Scheme.ED25519)
    told = verifier(secret)
    assert secret.reveal().startswith("whsk_")
    assert told.startswith("whpk_")
    headers = signed([signer(secret)], "a.1:7", AT, BODY)
    version, _, signature = headers["webhook-signature"].partition(",")
    public = Ed25519PublicKey.from_public_bytes(b64decode(told.removeprefix("whpk_")))
    public.verify(b64decode(signature), b"a.1:7.1614265330." + BODY)
    assert version == "v1a"
    with pytest.raises(InvalidSignature):
        public.verify(b64decode(signature), b"a.1:8.1614265330." + BODY)


def test_a_key_pair_as_other_programs_write_it_signs_as_its_seed_does() -> None:
    seed = new_secret(Scheme.ED25519).reveal()
    octets = b64decode(seed.removeprefix("whsk_"))
    public = b64decode(verifier(Secret(seed)).removeprefix("whpk_"))
    pair = "whsk_" + b64encode(octets + public).decode()
    assert verifier(Secret(pair)) == verifier(Secret(seed))
    assert signer(Secret(pair))(BODY) == signer(Secret(seed))(BODY)


def test_after_a_rotation_both_secrets_sign_for_a_day(file_desk: Desk) -> None:
    with Receiver() as receiver:
        webhook, old = file_desk.create(receiver.url)
        new = file_desk.webhooks.rotate(webhook)
        assert new != old

        def verifies(secret: str) -> bool:
            file_desk.webhooks.test(webhook)
            got = receiver.taken[-1]
            # Its time is told by the desk's clock: the library compares it with the machine's.
            at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
            expected = Webhook(secret).sign(got.id, at, got.body.decode())
            return expected in got.headers["webhook-signature"].split(" ")

        assert verifies(old)
        assert verifies(new)
        file_desk.advance(timedelta(hours=23, minutes=59))
        assert verifies(old)
        file_desk.advance(timedelta(minutes=2))
        assert verifies(new)
        assert not verifies(old)


@pytest.mark.rule("F1")
def test_no_secret_stands_in_a_table(file_desk: Desk) -> None:
    with Receiver() as receiver:
        webhook, secret = file_desk.create(receiver.url)
        file_desk.webhooks.rotate(webhook)
        file_desk.webhooks.test(webhook)
    store = file_desk.ledger.opened.store.name
    written = b"".join(each.read_bytes() for each in _files(store))
    assert webhook.encode() in written
    assert secret.encode() not in written
    assert secret.removeprefix("whsec_").encode() not in written


def _files(store: str) -> list[Path]:
    return [*Path(store).parent.glob(f"{Path(store).name}*")]
