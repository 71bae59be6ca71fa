"""The API does what its OpenAPI document says: schemathesis, all checks, a few requests an operation.

``make bench ARGS="-k schema"`` asks a hundred times more.
"""

from pathlib import Path

from schema_support import failures

from deploy.embedded_kafka import EmbeddedKafka


async def test_every_answer_is_as_the_document_says(tmp_path: Path, kafka_broker: EmbeddedKafka) -> None:
    """No server error, no undocumented status, header or shape; wrong data refused, right data accepted."""
    found = await failures(tmp_path, kafka_broker.bootstrap, 2, "--seed", "1")
    assert not found, found
