"""Stories taken elsewhere: the text alone, and Markdown that says who wrote what."""

from rnnchat.generation.settings import Settings
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.export import to_markdown, to_plain_text
from rnnchat.stories.story import Story


def body(story: Story) -> str:
    """The Markdown below the title."""
    return to_markdown(story).split("\n\n", 2)[2]


def test_plain_text_is_the_text() -> None:
    story = Story(mode="chat", chat=ChatFormat.lines())
    story.add("person", "Hi.")
    story.add("model", "Hello.", model="m")
    assert to_plain_text(story) == "A: Hi.\nB: Hello.\n"
    assert to_plain_text(Story()) == ""


def test_markdown_says_who_wrote_what_with_which_settings_and_seed() -> None:
    story = Story('The "Tempest"')
    story.add("person", "It was night.")
    settings = Settings(
        temperature=0.7, top_p=0.95, seed=7, stop=("\n\n", "THE END"), until="near-sentence"
    ).to_json() | {"ended": "stop"}
    story.add("model", "The bell rang\ntwice.", model="shakespeare", settings=settings)
    story.edit(story.path()[1].id, "The bell rang\nonce.")
    day = to_markdown(story).split('begun: "')[1][:10]
    assert to_markdown(story) == (
        f'---\ntitle: "The \\"Tempest\\""\nmode: "page"\nmodels: ["shakespeare"]\nbegun: "{day}"\n---\n\n'
        '# The "Tempest"\n\n'
        "It was night.\n\n"
        "> The bell rang  \n> once.[^1]\n\n"
        '[^1]: shakespeare, temperature 0.7, stop \\["THE END"\\], top-p 0.95, seed 7, edited by a person\n'
    )


def test_speakers_stand_above_their_turns() -> None:
    story = Story(mode="chat")
    story.add("person", "Who is there?")
    story.add("model", "Nay.", model="m")
    assert body(story) == "**ROMEO**\n\nWho is there?\n\n> **JULIET**\n>\n> Nay.[^1]\n\n[^1]: m\n"


def test_no_character_of_the_text_is_taken_for_a_sign() -> None:
    story = Story()
    story.add("person", "# no *title*\n    no code `x`\n- no list\n1. no list\n<b>&amp;[^1]")
    assert body(story) == (
        "\\# no \\*title\\*  \n\u00a0\u00a0\u00a0\u00a0no code \\`x\\`  \n\\- no list  \n1\\. no list  \n"
        "\\<b\\>\\&amp;\\[^1\\]\n"
    )


def test_empty_stories_have_a_title_all_the_same() -> None:
    assert to_markdown(Story()) == '---\ntitle: "Untitled"\nmode: "page"\nmodels: []\n---\n\n# Untitled\n'
