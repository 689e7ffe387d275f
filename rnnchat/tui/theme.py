"""Colours: a dark and a light theme of our own, and two colour names that every theme gets.

``$quiet`` is for facts (labels, units, hints), ``$accent`` for what can be acted on, ``$written`` for the words of
the person. Everything else keeps Textual's names, so that its own themes work here too.
"""

from textual.theme import Theme

DARK = Theme(
    name="rnnchat-dark",
    primary="#d9a25f",
    secondary="#8fa8b8",
    accent="#e0a96d",
    warning="#d8b365",
    error="#d9776b",
    success="#93b583",
    foreground="#d6d2c9",
    background="#16171a",
    surface="#1b1d21",
    panel="#24262b",
    dark=True,
    variables={
        "quiet": "#8d8a83",
        "rule": "#34363c",
        "written": "#f3d9b0",
        "block-cursor-background": "#e0a96d",
        "block-cursor-foreground": "#16171a",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#33302b",
        "block-hover-background": "#24262b",
        "input-selection-background": "#e0a96d 25%",
        "screen-selection-background": "#e0a96d 25%",
        "border": "#e0a96d",
        "border-blurred": "#34363c",
        "footer-background": "#16171a",
        "footer-foreground": "#8d8a83",
        "footer-description-foreground": "#8d8a83",
        "footer-key-foreground": "#e0a96d",
        "scrollbar": "#2c2e33",
        "scrollbar-hover": "#45484f",
        "scrollbar-active": "#e0a96d",
        "scrollbar-background": "#16171a",
        "scrollbar-background-hover": "#16171a",
        "scrollbar-background-active": "#16171a",
        "scrollbar-corner-color": "#16171a",
    },
)

LIGHT = Theme(
    name="rnnchat-light",
    primary="#8a5416",
    secondary="#48626f",
    accent="#8f5513",
    warning="#8a6100",
    error="#a3392d",
    success="#3f6f33",
    foreground="#2b2a27",
    background="#faf8f3",
    surface="#f3f0e8",
    panel="#e9e5da",
    dark=False,
    variables={
        "quiet": "#716d64",
        "rule": "#d8d3c6",
        "written": "#7a3f05",
        "block-cursor-background": "#8f5513",
        "block-cursor-foreground": "#faf8f3",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#ebdfcd",
        "block-hover-background": "#e9e5da",
        "input-selection-background": "#8f5513 20%",
        "screen-selection-background": "#8f5513 20%",
        "border": "#8f5513",
        "border-blurred": "#d8d3c6",
        "footer-background": "#faf8f3",
        "footer-foreground": "#716d64",
        "footer-description-foreground": "#716d64",
        "footer-key-foreground": "#8f5513",
        "scrollbar": "#ddd8cb",
        "scrollbar-hover": "#bfb9aa",
        "scrollbar-active": "#8f5513",
        "scrollbar-background": "#faf8f3",
        "scrollbar-background-hover": "#faf8f3",
        "scrollbar-background-active": "#faf8f3",
        "scrollbar-corner-color": "#faf8f3",
    },
)

THEMES = (DARK, LIGHT)


def add_names(variables: dict[str, str], *, is_ansi: bool) -> dict[str, str]:
    """Give ``variables`` of any theme the colour names that only our own two define."""
    if is_ansi:
        # These themes leave lines to the terminal's own colours, where they would not be seen.
        variables |= dict.fromkeys(("rule", "scrollbar", "scrollbar-hover"), "ansi_bright_black")
    variables.setdefault("quiet", variables["text-muted"])
    variables.setdefault("rule", variables["border-blurred"])
    variables.setdefault("written", variables["text-accent"])
    return variables
