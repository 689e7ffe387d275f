"""What commands print cannot command a terminal."""

from rnnchat.cli.output import print_table


def test_a_heading_cannot_command_a_terminal_and_is_shown_as_it_is_written(capsys):
    print_table(("text", "a\x1b[2J[bold]"), [("letter", "2.0")], right=("a\x1b[2J[bold]",))
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["text", "a␛[2J[bold]"]
    assert row.split() == ["letter", "2.0"]
    assert len(row) == len(heading)
