"""Kafka by TLS, with a login or a certificate: everything works, and what is wrong is refused and said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from deploy.tools.manifests import overlay
from kit.events.bus import BusUnavailable, Message, TopicPartition
from kit.events.kafka import KafkaBus
from kit.events.kafka_access import KafkaAccess
from kit.native.kafka import NativeKafka
from kit.native.process import free_port
from kit.runtime import make_bus, topics_of
from kit.settings import ServiceSettings
from kit.testing.native import make_folder, run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from standalone.registry import SERVICES, room
from tests.deploy.test_pages import certified
from tests.kit.secure.authority import Authority
from tests.kit.secure.pods import Secrets, started
from tests.kit.web.test_health import running_worker, until

USER, PASSWORD = "customer", "s3cret'&%"
LISTENERS = """
listeners=PLAINTEXT://${{host}}:${{port}},CONTROLLER://127.0.0.1:${{controller_port}},LOGIN://:{login},PROOF://:{proof}
advertised.listeners=PLAINTEXT://${{host}}:${{port}},LOGIN://localhost:{login},PROOF://localhost:{proof}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,PROOF:SSL
ssl.keystore.type=PEM
ssl.keystore.location={store}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.proof.ssl.client.auth=required
listener.name.login.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


@dataclass(frozen=True)
class Secured:
    """A broker with two listeners; `other` is an authority that it does not know."""

    login: KafkaAccess
    proof: KafkaAccess
    other: Authority


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("authorities")
    ours, other = Authority(folder, "ours"), Authority(folder, "other")
    cert, key = ours.issue("localhost")
    store = folder / "store.pem"
    store.write_bytes(key.read_bytes() + cert.read_bytes())
    login, proof = free_port(), free_port()
    broker = NativeKafka(
        make_folder("kafka"),
        settings=LISTENERS.format(login=login, proof=proof, store=store, ca=ours.ca),
        format_options=("--add-scram", f'SCRAM-SHA-512=[name={USER},password="{PASSWORD}"]'),
    )
    try:
        run_apart(broker.start())
        client_cert, client_key = map(str, ours.issue(USER))
        yield Secured(
            KafkaAccess(f"localhost:{login}", tls=True, ca=str(ours.ca), user=USER, password=PASSWORD),
            KafkaAccess(f"localhost:{proof}", tls=True, ca=str(ours.ca), cert=client_cert, key=client_key),
            other,
        )
    finally:
        run_apart(broker.destroy())


def settings_of(access: KafkaAccess) -> ServiceSettings:
    return ServiceSettings(
        kafka=access.bootstrap,
        kafka_tls=access.tls,
        kafka_ca=access.ca,
        kafka_cert=access.cert,
        kafka_key=access.key,
        kafka_user=access.user,
        kafka_password=SecretStr(access.password),
    )


@pytest.mark.parametrize("way", ["login", "proof"])
async def test_every_client_of_the_bus_gets_in(secured: Secured, way: str) -> None:
    bus, topic, group = make_bus(settings_of(getattr(secured, way)), "test"), f"t.{uuid4().hex}", f"g.{uuid4().hex}"
    try:
        await bus.ensure_topics([topic])
        await bus.configure_topics([topic])
        assert (await bus.describe_topics([topic]))[topic].replicas == 1
        await bus.publish(topic, [Message("key", b"fact", ())])
        consumer = bus.consumer(group, [topic])
        await consumer.start()
        polled: dict[TopicPartition, list[object]] = {}
        async with asyncio.timeout(30):
            while not polled:
                polled = {place: list(found) for place, found in (await consumer.poll(10, 1)).items()}
        (place,) = polled
        await consumer.commit({place: 1})
        await consumer.stop()
        assert [each.value for each in await bus.read(place, 0, 10)] == [b"fact"]
        assert await bus.committed(group, topic) == {place: 1}
    finally:
        await bus.stop()


async def refused(access: KafkaAccess) -> str:
    """What the bus says; every kind of client says the same."""
    bus, said = KafkaBus(access, "test", publish_timeout=10), []
    consumer = bus.consumer("g", ["t"])
    for attempt in (
        bus.cluster_id(),
        bus.publish("t", [Message("key", b"", ())]),
        bus.bounds("t"),
        consumer.start(),
    ):
        with pytest.raises(BusUnavailable) as caught:
            await attempt
        said.append(str(caught.value))
    await bus.stop()
    return "\n".join(said)


async def test_another_authority_is_refused(secured: Secured) -> None:
    said = await refused(replace(secured.login, ca=str(secured.other.ca)))
    assert said.count("certificate verify failed: unable to get local issuer certificate") == 4


async def test_another_name_is_refused(secured: Secured) -> None:
    address = secured.login.bootstrap.replace("localhost", "127.0.0.1")
    said = await refused(replace(secured.login, bootstrap=address))
    assert said.count("IP address mismatch, certificate is not valid for '127.0.0.1'") == 4


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("nobody", PASSWORD)])
async def test_another_login_is_refused(secured: Secured, user: str, password: str) -> None:
    said = await refused(replace(secured.login, user=user, password=password))
    assert said.count("invalid credentials with SASL mechanism SCRAM-SHA-512") == 4, said
    assert PASSWORD not in said


async def test_a_client_without_the_right_certificate_is_refused(secured: Secured) -> None:
    said = await refused(replace(secured.proof, cert="", key=""))
    assert said.lower().count("certificate required") == 4, said
    cert, key = map(str, secured.other.issue("stranger"))
    said = await refused(replace(secured.proof, cert=cert, key=key))
    assert said.count("alert certificate unknown") == 4, said


async def test_a_file_that_is_not_there_is_named(secured: Secured) -> None:
    said = await refused(replace(secured.login, ca="/nowhere/ca.crt"))
    assert said.count("/nowhere/ca.crt cannot be used") == 4


async def test_a_worker_that_is_refused_is_not_ready_and_says_why(
    secured: Secured, postgres_server: TestServer, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = replace(secured.login, password="wrong")
    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=free_port()) as risk:
        risk.runtime.bus = KafkaBus(wrong, "test")
        async with running_worker(risk.runtime) as client:
            await until(client, "/startupz", 200)
            assert await until(client, "/readyz", 503) == "the log has not been reached yet"
            said = ""
            async with asyncio.timeout(20):
                while "topics_wait" not in said:
                    await asyncio.sleep(0.1)
                    said += capfd.readouterr().err
            assert "invalid credentials" in said
            assert (await client.get("/livez")).status_code == 200


async def test_what_is_sent_after_a_login_is_heard_by_who_has_a_certificate(
    secured: Secured, postgres_server: TestServer
) -> None:
    """Relay and consumers of two services, as their workers run them."""
    stop = asyncio.Event()
    async with (
        service_harness(postgres_server, "customer") as customer,
        service_harness(postgres_server, "risk") as risk,
    ):
        ways = {"customer": (customer, secured.login), "risk": (risk, secured.proof)}
        for name, (service, way) in ways.items():
            service.runtime.bus = make_bus(settings_of(way), name)
        await customer.runtime.bus.ensure_topics([topic for name in SERVICES for topic in topics_of(name)])
        workers = [room(name, "worker").create_worker(service.runtime) for name, (service, _) in ways.items()]
        working = [asyncio.create_task(each.run(stop)) for each in workers]
        made = await customer.post("/v1/accounts", {"kind": "organization", "name": "By TLS"})
        assert made.status_code == 201, made.text
        heard: Sequence[object] = ()
        async with asyncio.timeout(120):
            while not heard:
                heard = await risk.rows("SELECT name FROM account_directory WHERE id = $1", made.json()["id"])
                await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*working)
        for service, _ in ways.values():
            await service.runtime.bus.stop()


@pytest.mark.parametrize("way", ["login", "certificate"])
async def test_a_pod_of_the_overlay_gets_in_by_its_secrets(secured: Secured, tmp_path: Path, way: str) -> None:
    """As rendered: what it is given is enough, and it holds to the authority of its Secret."""
    objects = overlay("external") if way == "login" else certified(tmp_path)
    given = secured.login if way == "login" else secured.proof
    certificate = {"tls.crt": Path(secured.proof.cert), "tls.key": Path(secured.proof.key)}
    login = {"CRMESH_KAFKA_USER": USER, "CRMESH_KAFKA_PASSWORD": PASSWORD, "CRMESH_SECRET": "s" * 64}
    secrets: Secrets = {"customer-secrets": login, "customer-certificate": certificate}
    for ca, gets_in in ((Path(given.ca), True), (secured.other.ca, False)):
        authorities: Secrets = {"authorities": {"kafka.crt": ca}}
        folder = tmp_path / str(gets_in)
        settings = started(folder, objects, "customer-worker", {**secrets, **authorities}, CRMESH_KAFKA=given.bootstrap)
        assert (settings.kafka_tls, bool(settings.kafka_user)) == (True, way == "login")
        bus = make_bus(settings, "test")
        if gets_in:
            await bus.ensure_topics([f"t.{uuid4().hex}"])
        else:
            with pytest.raises(BusUnavailable, match="certificate verify failed"):
                await bus.ensure_topics(["t"])
        await bus.stop()


def test_a_password_is_in_no_text(secured: Secured) -> None:
    assert PASSWORD not in repr(secured.login)
    assert PASSWORD not in repr(settings_of(secured.login))
