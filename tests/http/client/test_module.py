"""The shipped client is the one that is made of the document now."""

from inspect import getmembers, isfunction

from sendledger_client import Client

from tests.client_module import MODULE, document, module, python_name


def test_the_shipped_client_is_what_make_client_writes_now() -> None:
    assert MODULE.read_text("utf-8") == module(document())


def test_every_operation_has_a_method_but_server_sent_events() -> None:
    paths = document()["paths"].values()
    operations = {told["operationId"] for methods in paths for told in methods.values()}
    methods = {name for name, _ in getmembers(Client, isfunction)}
    assert {python_name(each) for each in operations} - methods == {"stream_feed"}
