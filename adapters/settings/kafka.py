"""The settings of the stream: which Kafka, which topic, and how it is spoken to."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

BROKERS = r"^[^\s,:/@]+:\d{1,5}(,[^\s,:/@]+:\d{1,5})*$"
TOPIC = r"^[a-zA-Z0-9._-]{1,240}$"


class KafkaSecurity(StrEnum):
    PLAINTEXT = "plaintext"
    SSL = "ssl"
    SASL_PLAINTEXT = "sasl_plaintext"
    SASL_SSL = "sasl_ssl"


class KafkaSasl(StrEnum):
    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


class KafkaSettings(BaseModel, defer_build=True):
    kafka: Annotated[str, Field(pattern=BROKERS)] | None = None
    """``host:port`` of a broker, or of several with commas; without one nothing is relayed."""
    kafka_topic: Annotated[str, Field(pattern=TOPIC)] = "sendledger.events"
    """Where this store's events are told; each store has a topic of its own."""
    kafka_security: KafkaSecurity = KafkaSecurity.PLAINTEXT
    kafka_sasl: KafkaSasl | None = None
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_token_url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")] | None = None
    """Where OAUTHBEARER gets its tokens, with the user as client id and the password as secret."""
    kafka_ca_file: Path | None = None
    """Certificates, in PEM, that the brokers' must lead to; else those the system trusts."""

    def kafka_lacks(self) -> str | None:
        """Why Kafka cannot be spoken to by these settings, in a sentence."""
        sasl = self.kafka_security.startswith("sasl")
        if sasl and self.kafka_sasl is None:
            return f"Setting kafka_sasl: kafka_security {self.kafka_security} needs one."
        if self.kafka_sasl is not None and not sasl:
            return "Setting kafka_security: kafka_sasl needs sasl_ssl or sasl_plaintext."
        if self.kafka_sasl is not None and not (self.kafka_user and self.kafka_password):
            return "Setting kafka_user: kafka_sasl needs a user, and a password for it."
        if self.kafka_sasl is KafkaSasl.OAUTHBEARER and self.kafka_token_url is None:
            return "Setting kafka_token_url: OAUTHBEARER needs a place to get tokens from."
        return None
