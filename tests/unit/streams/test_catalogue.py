"""Catalogue files: what is accepted, and what each fault says."""

import pytest

from streams.catalogue import Catalogue, CatalogueError, default_catalogue_text
from streams.text import normalise

HEAD = 'schema = "haidang.catalogue.v1"\n'
GOOD = """
[[topic]]
id = "power"
name = { vi = "Điện", en = "Power" }
aliases = ["giá điện", "EVN"]
"""
OTHER = GOOD.replace("power", "other").replace("giá điện", "giá xăng").replace("EVN", "PVOIL")

FAULTS = [
    ("not TOML", HEAD + "[[topic]\n", "line 2: not valid TOML"),
    ("unterminated", HEAD + 'x = "', "not valid TOML"),
    ("no schema", GOOD, "begin the file with schema"),
    ("other schema", 'schema = "v9"\n' + GOOD, "no known schema"),
    ("unknown top key", HEAD + "x = 1\n" + GOOD, 'key "x": unknown key'),
    ("no topics", HEAD, "add at least one [[topic]] table"),
    ("topic is no table", HEAD + "topic = 3\n", "no topics"),
    ("no id", HEAD + GOOD.replace('id = "power"', ""), "topic 1 (line 3): id is missing"),
    (
        "id with space",
        HEAD + GOOD.replace('"power"', '"po wer"'),
        'topic "po wer" (line 3): id is missing or not',
    ),
    ("id too long", HEAD + GOOD.replace('"power"', '"' + "p" * 64 + '"'), "use 1 to 63"),
    ("id twice", HEAD + GOOD + GOOD, "the id is used twice"),
    ("no English name", HEAD + GOOD.replace(', en = "Power"', ""), "name is incomplete"),
    ("empty name", HEAD + GOOD.replace('"Power"', '" "'), "a name is empty"),
    ("no aliases", HEAD + GOOD.replace('["giá điện", "EVN"]', "[]"), "no aliases"),
    ("aliases no list", HEAD + GOOD.replace('["giá điện", "EVN"]', '"EVN"'), "aliases is not a list"),
    ("alias too short", HEAD + GOOD.replace('"EVN"', '"E!"'), '"E!" in aliases is too short'),
    ("alias too long", HEAD + GOOD.replace("EVN", "EV" * 61), "keep to 120 characters"),
    ("alias twice", HEAD + GOOD.replace("EVN", "Giá  ĐIỆN"), '"giá điện" is listed twice'),
    ("alias of another", HEAD + GOOD + OTHER.replace("PVOIL", "evn"), '"evn" also belongs to topic "power"'),
    ("unknown key", HEAD + GOOD + 'alias = ["x"]\n', 'unknown key "alias"; use aliases'),
    ("unknown parent", HEAD + GOOD + 'parent = "energy"\n', 'unknown parent "energy"'),
    ("home_only no truth", HEAD + GOOD + 'home_only = "yes"\n', "home_only is not true or false"),
    ("parent no string", HEAD + GOOD + "parent = 3\n", "parent is not a string"),
    ("own parent", HEAD + GOOD + 'parent = "power"\n', "its own ancestor"),
    ("circle", HEAD + GOOD + 'parent = "other"\n' + OTHER + 'parent = "power"\n', "its own ancestor"),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_fault_is_named_with_place_and_fix(text: str, said: str) -> None:
    """Each fault is one line: file, topic or line, problem; fix."""
    with pytest.raises(CatalogueError) as caught:
        Catalogue.parse(text, "my.toml")
    message = str(caught.value)
    assert message.startswith("my.toml: ")
    assert said in message
    assert "\n" not in message
    assert caught.value.fix


def test_good_file_is_read() -> None:
    """Topics keep the order of the file; ids are known."""
    catalogue = Catalogue.parse(
        HEAD + GOOD + OTHER + 'parent = "power"\nexclusions = ["PVOIL Cup"]\n', "my.toml"
    )
    assert [topic.id for topic in catalogue.topics] == ["power", "other"]
    assert catalogue.ids == {"power", "other"}
    assert catalogue.topics[1].parent == "power"
    assert catalogue.topics[1].exclusions == ("PVOIL Cup",)
    assert catalogue.topics[0].name.vi == "Điện"


def test_digest_follows_content_not_order() -> None:
    """Two files with the same topics have one digest; another alias has another."""
    first = Catalogue.parse(HEAD + GOOD + OTHER, "a")
    assert first.digest == Catalogue.parse(HEAD + "# note\n" + OTHER + GOOD, "b").digest
    assert first.digest != Catalogue.parse(HEAD + GOOD.replace("EVN", "EVNHANOI") + OTHER, "c").digest
    assert len(first.digest) == 12


def test_name_keeps_its_spelling() -> None:
    """Officers see the name as the file has it, whatever the tone placement."""
    catalogue = Catalogue.parse(HEAD + GOOD.replace('"Điện"', '"Văn hóa"'), "a")
    assert catalogue.topics[0].name.vi == "Văn hóa"


class TestDefaultCatalogue:
    """The bundled catalogue."""

    catalogue = Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml")

    def test_ministries_of_2025_are_there(self) -> None:
        """Fourteen ministries and three ministry-level agencies, and a good number of issues."""
        agencies = [
            topic for topic in self.catalogue.topics if topic.id.startswith("bo-") and topic.parent is None
        ]
        assert len([topic for topic in agencies if topic.name.vi.startswith("Bộ ")]) == 14
        assert {"ngan-hang-nha-nuoc", "thanh-tra-chinh-phu", "van-phong-chinh-phu"} <= self.catalogue.ids
        assert len([topic for topic in self.catalogue.topics if topic.parent is not None]) >= 15

    def test_abolished_ministries_are_no_topics(self) -> None:
        """Names of ministries merged in March 2025 are aliases of their successors."""
        names = {topic.name.vi for topic in self.catalogue.topics}
        assert not names & {"Bộ Giao thông vận tải", "Bộ Kế hoạch và Đầu tư", "Bộ Thông tin và Truyền thông"}

    def test_no_alias_is_two_letters(self) -> None:
        """Very short names match by accident."""
        aliases = [normalise(alias) for topic in self.catalogue.topics for alias in topic.aliases]
        assert min(map(len, aliases)) >= 3
