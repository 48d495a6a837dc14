"""Names and codes over HTTP: found, matched and sorted whatever their spelling. Suites as those of `resources`."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar
from urllib.parse import quote

from kit.db.key_filler import KeyFiller
from kit.testing.service import ServiceHarness
from tests.shared_suites.resources import Family

SPELLINGS = {
    "Café Zoë": ("Cafe\u0301", "CAFÉ ZOE\u0308", "ｃａｆé"),
    "서울상사": ("\u1109\u1165\u110b\u116e\u11af", "서울"),
    "ＡＢＣ 商事": ("abc\u00a0商事", "abc 商", "bc"),
    "カタカナ書店": ("ｶﾀｶﾅ", "ｶﾀｶﾅ書"),
    "ガラス工房": ("ｶﾞﾗｽ", "カ\u3099ラス"),
    "Blue\u00a0Harbour": ("blue harbour", "e  h", "BLUE\u3000HARBOUR"),
    "上海藍港貿易": ("上海蓝港贸易", "藍港贸", "蓝"),
    "50% of_all": ("50%", "0% O", "of_", "５０％"),
    "Red, White & Co.": ("red, white", "RED，"),
    "サン〜ルート O’Neill": ("サン～ルート", "ｻﾝ~ﾙ", "o'neill", "O‘NEILL"),
    "İstanbul ILICA": ("istanbul", "ISTANBUL I", "ilıca", "i\u0307stan"),
}
"""Names as they are stored, and what finds them."""
ORDER = (
    "50% of_all", "apple", "Émile", "Fuß", "李四", "Łódź", "Mango", "王五", "Zebra", "张三", "重庆火锅",
    "曾国藩", "张 三丰", "单 田芳"
)  # fmt: skip


def sorted_names(*, of_persons: bool) -> list[str]:
    """`ORDER` as a reader of Latin and Chinese has it: 曾 and 单 have readings of their own as families of persons."""
    if of_persons:
        return [
            "50% of_all", "apple", "重庆火锅", "Émile", "Fuß", "李四", "Łódź", "Mango", "单 田芳", "王五", "Zebra",
            "曾国藩", "张三", "张 三丰"
        ]  # fmt: skip
    return [
        "50% of_all", "apple", "曾国藩", "重庆火锅", "单 田芳", "Émile", "Fuß", "李四", "Łódź", "Mango", "王五",
        "Zebra", "张三", "张 三丰"
    ]  # fmt: skip


class Named:
    """Rows of the family have a name, in `name_field`, which may be a person's; `table` is theirs."""

    family: ClassVar[Family]
    table: ClassVar[str]
    name_field: ClassVar[str] = "name"
    of_persons: ClassVar[bool] = False

    async def _named(self, service: ServiceHarness, names: list[str]) -> None:
        body = {**self.family.body, **await self.family.needs(service)}
        for number, name in enumerate(names, 1):
            named = {**body, **self.family.numbered(number), self.name_field: name}
            answer = await service.post(self.family.path, named)
            assert answer.status_code == 201, answer.text

    async def _names(self, service: ServiceHarness, **query: str) -> list[str]:
        """Names that a query finds; `name` and `name__in` ask for the name, whatever its field is called."""
        named = {name.replace("name", self.name_field): value for name, value in query.items()}
        named |= {"sort": query["sort"].replace("name", self.name_field)} if "sort" in query else {}
        asked = "&".join(f"{name.replace('__', '[', 1)}{']' * ('__' in name)}={quote(v)}" for name, v in named.items())
        answer = await service.get(f"{self.family.path}?{asked}")
        assert answer.status_code == 200, answer.text
        return [item[self.name_field] for item in answer.json()["items"]]

    async def test_a_name_is_found_by_every_spelling(self, service: ServiceHarness) -> None:
        await self._named(service, list(SPELLINGS))
        for name, spellings in SPELLINGS.items():
            for spelling in (name, *spellings):
                assert await self._names(service, q=spelling) == [name], spelling
        assert await self._names(service, q="蓝贸") == []

    async def test_a_name_can_be_seen(self, service: ServiceHarness) -> None:
        body = {**self.family.body, **await self.family.needs(service), **self.family.numbered(1)}
        for name in ("\u0301", "\u200d", " \u3164", "\u202eacme", "\u115f\u0300"):
            answer = await service.post(self.family.path, {**body, self.name_field: name})
            assert answer.status_code == 422, (name, answer.text)
            assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{self.name_field}"]

    async def test_a_name_is_matched_by_every_spelling(self, service: ServiceHarness) -> None:
        await self._named(service, list(SPELLINGS))
        same = {
            "Café Zoë": "CAFE\u0301 ZOE\u0308",
            "서울상사": "\u1109\u1165\u110b\u116e\u11af상사",
            "ガラス工房": "ｶﾞﾗｽ工房",
            "Blue\u00a0Harbour": "blue harbour",
            "上海藍港貿易": "上海蓝港贸易",
            "サン〜ルート O’Neill": "ｻﾝ～ﾙｰﾄ o'neill",
            "İstanbul ILICA": "istanbul ılıca",
        }
        for name, spelling in same.items():
            assert await self._names(service, name=spelling) == [name]
            others = await self._names(service, name__ne=spelling)
            assert (name in others, len(others)) == (False, len(SPELLINGS) - 1)
        found = await self._names(service, name__in='"RED, WHITE & CO.",上海蓝港贸易')
        assert sorted(found) == ["Red, White & Co.", "上海藍港貿易"]
        assert await self._names(service, name__in="Red, White & Co.") == []
        answer = await service.get(f'{self.family.path}?{self.name_field}[in]="Red')
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "malformed")

    async def test_names_have_one_order(self, service: ServiceHarness) -> None:
        await self._named(service, list(ORDER))
        expected = sorted_names(of_persons=self.of_persons)
        assert await self._names(service, sort="name") == expected
        assert await self._names(service, sort="-name") == expected[::-1]
        path = f"{self.family.path}?sort={self.name_field}&fields={self.name_field}&limit=5"
        walked, cursor = [], ""
        while cursor is not None:
            page = (await service.get(path + cursor)).json()
            walked += [item[self.name_field] for item in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert walked == expected
        assert await self._names(service, sort="name", name__gte="李四", name__lt="ZEBRA") == [
            name for name in expected if expected.index("李四") <= expected.index(name) < expected.index("Zebra")
        ]

    async def test_rows_without_keys_are_found_as_they_are_spelt_until_they_have_them(
        self, service: ServiceHarness
    ) -> None:
        await self._named(service, ["Zoë", "apple", "藍港"])
        async with service.transaction() as tx:
            blank = "search_key = NULL, name_sort = DEFAULT, keyed_of = NULL"
            await tx.execute(f"UPDATE {self.table} SET {blank} WHERE {self.name_field} <> 'apple'")
        assert await self._names(service, q="ZOË") == ["Zoë"]
        assert await self._names(service, q="藍") == ["藍港"]
        assert await self._names(service, name="藍港") == ["藍港"]
        assert (await self._names(service, sort="name"))[0] == "apple"
        await filled(service)
        assert await self._names(service, q="蓝") == ["藍港"]
        assert await self._names(service, sort="name") == ["apple", "藍港", "Zoë"]

    async def test_what_an_older_release_writes_gets_its_keys_later(self, service: ServiceHarness) -> None:
        await self._named(service, ["Zoë", "apple"])
        async with service.transaction() as tx:
            await tx.execute(f"UPDATE {self.table} SET {self.name_field} = 'Émile' WHERE {self.name_field} = 'Zoë'")
        await filled(service)
        assert await self._names(service, name="e\u0301mile") == ["Émile"]
        assert await self._names(service, q="zo") == []
        assert await self._names(service, sort="name") == ["apple", "Émile"]


async def filled(service: ServiceHarness, batch: int = 1) -> None:
    """Every key that is missing is made, as the service's worker does."""
    worker = importlib.import_module(f"services.{service.runtime.service}.worker")
    await KeyFiller(service.runtime.db, worker.KEYS, batch=batch).fill()


class Coded:
    """Rows of the family have a code of our own, in `code_field`."""

    family: ClassVar[Family]
    code_field: ClassVar[str] = "code"

    async def _body(self, service: ServiceHarness, code: str) -> dict[str, Any]:
        body, _ = await self.family.bodies(service)
        return {**body, self.code_field: code}

    async def test_a_code_is_one_code_in_upper_and_lower_case(self, service: ServiceHarness) -> None:
        body = await self._body(service, "CN-A")
        first = await service.post(self.family.path, body)
        assert (first.status_code, first.json()[self.code_field]) == (201, "CN-A")
        taken = f"{self.family.noun}-{self.code_field}-taken".replace("_", "-")
        for other in ("cn-a", "Cn-a", "CN-A"):
            answer = await service.post(self.family.path, {**body, self.code_field: other})
            assert (answer.status_code, answer.json()["code"]) == (409, taken)
            assert answer.json()["conflicting_id"] == first.json()["id"]
        for query in (f"{self.code_field}=cn-a", f"{self.code_field}[in]=x,cN-A", "q=cn-a", "q=ＣＮ-"):
            found = (await service.get(f"{self.family.path}?{query}")).json()["items"]
            assert [item[self.code_field] for item in found] == ["CN-A"], query

    async def test_codes_sort_without_case(self, service: ServiceHarness) -> None:
        body = await self._body(service, "")
        for code in ("b-1", "C-1", "A-1", "a-2"):
            answer = await service.post(self.family.path, {**body, self.code_field: code})
            assert answer.status_code == 201, answer.text
        path, walked, cursor = f"{self.family.path}?sort={self.code_field}&limit=3", [], ""
        while cursor is not None:
            page = (await service.get(path + cursor)).json()
            walked += [item[self.code_field] for item in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert walked == ["A-1", "a-2", "b-1", "C-1"]
