"""Kafka is spoken to with TLS and SASL, as the settings say; passwords go nowhere else."""

import json
import os
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion
from pydantic import SecretStr

from adapters.composition.streaming import kafka_access
from adapters.kafka.topics import Topics
from adapters.settings.errors import SettingsError
from adapters.settings.kafka import KafkaSasl, KafkaSecurity
from adapters.settings.model import EngineSettings
from tests.certificates import make_certificate
from tests.stream.broker import VARIABLE, Broker
from tests.worker.processes import SENDLEDGER

PASSWORD = "correct-horse-battery"  # noqa: S105
LISTENER = "listener.name.secured"
MODULES = "org.apache.kafka.common.security"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    made = make_certificate(folder)
    (folder / "both.pem").write_bytes(made.key.read_bytes() + made.file.read_bytes())
    return made.file


@pytest.fixture(scope="module")
def secured(certificate: Path) -> Iterator[Broker]:
    if VARIABLE in os.environ:
        pytest.skip("the named broker is set up as it is")
    scram = f"{MODULES}.scram.ScramLoginModule required;"
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate.with_name("both.pem")),
        f"{LISTENER}.sasl.enabled.mechanisms": ",".join(KafkaSasl),
        f"{LISTENER}.plain.sasl.jaas.config": (
            f'{MODULES}.plain.PlainLoginModule required user_ann="{PASSWORD}";'
        ),
        f"{LISTENER}.scram-sha-256.sasl.jaas.config": scram,
        f"{LISTENER}.scram-sha-512.sasl.jaas.config": scram,
        f"{LISTENER}.oauthbearer.sasl.jaas.config": (
            f"{MODULES}.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="broker";'
        ),
    }
    with Broker(properties, "SASL_SSL") as broker:
        with KafkaAdminClient(bootstrap_servers=broker.address) as admin:
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                made = UserScramCredentialUpsertion("ann", mechanism, PASSWORD)
                assert admin.alter_user_scram_credentials([made]) == {"ann": None}
        yield broker


@pytest.fixture(scope="module")
def token_url() -> Iterator[str]:
    """Gives tokens that the broker's own check without signatures accepts."""

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            claims = {"sub": "ann", "iat": time.time(), "exp": time.time() + 3600}
            parts = ({"alg": "none"}, claims)
            coded = (urlsafe_b64encode(json.dumps(each).encode()) for each in parts)
            token = b".".join(each.rstrip(b"=") for each in coded).decode() + "."
            body = json.dumps(
                {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Tokens) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()
        thread.join()


def settings(secured: Broker, certificate: Path, sasl: KafkaSasl, **more: Any) -> EngineSettings:
    given = {
        "kafka": secured.secured_address,
        "kafka_security": KafkaSecurity.SASL_SSL,
        "kafka_sasl": sasl,
        "kafka_user": "ann",
        "kafka_password": SecretStr(PASSWORD),
        "kafka_ca_file": certificate,
    }
    return EngineSettings(**{**given, **more})


@pytest.mark.parametrize("sasl", KafkaSasl)
def test_every_mechanism_comes_in_over_tls(
    secured: Broker, certificate: Path, topic: str, sasl: KafkaSasl, token_url: str
) -> None:
    access = kafka_access(settings(secured, certificate, sasl, kafka_token_url=token_url))

    made = Topics(access, topic).make()

    assert made.topic.name == topic
    assert PASSWORD not in repr(access)


ATTEMPTS = 3
"""A broker that is busy may be given up before it answers."""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kafka_password": SecretStr("wrong")}, "SaslAuthenticationFailed"),
        ({"kafka_ca_file": None}, "Kafka"),
    ],
)
def test_a_wrong_password_and_an_unknown_certificate_end_the_relay_and_tell_no_secret(
    secured: Broker, certificate: Path, tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    found = settings(secured, certificate, KafkaSasl.PLAIN, **wrong)
    assert found.kafka_password is not None
    variables = {
        "KAFKA": str(found.kafka),
        "KAFKA_SECURITY": "sasl_ssl",
        "KAFKA_SASL": "PLAIN",
        "KAFKA_USER": "ann",
        "KAFKA_PASSWORD": found.kafka_password.get_secret_value(),
        **({"KAFKA_CA_FILE": str(found.kafka_ca_file)} if found.kafka_ca_file else {}),
    }

    for attempt in range(ATTEMPTS):
        store = str(tmp_path / f"{attempt}.db")  # whatever is wrong is told once for each store
        subprocess.run([SENDLEDGER, "store", "migrate", "--store", store], check=True)
        variables["STORE"] = store
        ended = subprocess.run(
            [SENDLEDGER, "relay"],
            env={**os.environ, **{f"SENDLEDGER_{name}": text for name, text in variables.items()}},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        told = ended.stdout + ended.stderr
        assert ended.returncode == 75, told
        if said in told:
            break

    assert said in told
    assert found.kafka_password.get_secret_value() not in told.replace("wrong password", "")


@pytest.mark.parametrize(
    ("given", "lack"),
    [
        ({"kafka_security": "sasl_ssl"}, "kafka_sasl"),
        ({"kafka_sasl": "PLAIN"}, "kafka_security"),
        ({"kafka_security": "sasl_ssl", "kafka_sasl": "PLAIN"}, "kafka_user"),
        (
            {
                "kafka_security": "sasl_ssl",
                "kafka_sasl": "OAUTHBEARER",
                "kafka_user": "ann",
                "kafka_password": SecretStr(PASSWORD),
            },
            "kafka_token_url",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(given: dict[str, Any], lack: str) -> None:
    with pytest.raises(SettingsError, match=f"Setting {lack}"):
        kafka_access(EngineSettings(kafka="127.0.0.1:9092", **given))


def test_without_a_broker_there_is_nothing_to_speak_to() -> None:
    with pytest.raises(SettingsError, match="Setting kafka"):
        kafka_access(EngineSettings())
