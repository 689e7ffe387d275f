"""A model as a person who programs meets it: it writes, reads, judges and explains.

Everything is done by the modules around this one; here it has one name and one object.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack, get_args

from rnnchat.errors import UsageError
from rnnchat.generation.beam import Beam
from rnnchat.generation.keyword import SettingKeywords, make_settings
from rnnchat.generation.open_network import OpenNetwork, Watch, ignore
from rnnchat.generation.ranking import Ranked, rank
from rnnchat.generation.reading import Reading, check_count
from rnnchat.generation.scorer import Scorer
from rnnchat.generation.settings import Settings
from rnnchat.generation.writing import Continuation, Writing, Writings
from rnnchat.model.file import Model, read_model
from rnnchat.model.name import name_model
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.mixture import Mixture, check_same_vocabulary
from rnnchat.runtime.precision import choose_precision
from rnnchat.runtime.predictor import Predictor
from rnnchat.runtime.runtime import Runtime
from rnnchat.runtime.thread import choose_threads


class LanguageModel(Scorer):
    """A model, ready to write and to judge texts; `rnnchat.load` opens one.

    It remembers no text of its own: each call begins anew, and a prompt that was read before is not read again.
    Writings and readings of one model may go on side by side. A model belongs to one thread at a time.

    It writes and reads in its ``precision``. What it says about a text, in ``score`` and ``explain``, is a figure to
    compare and to quote, and is always computed in float32.
    """

    @classmethod
    def open(
        cls, path: Path, precision: Precision | None = None, threads: int | None = 1, streams: int = 1
    ) -> "LanguageModel":
        """Read a model file; see `rnnchat.load`. Threads that are chosen suit steps of that many ``streams``."""
        return cls.of(read_model(path), name_model(path), precision, threads, streams)

    @classmethod
    def of(
        cls, model: Model, name: str, precision: Precision | None = None, threads: int | None = 1, streams: int = 1
    ) -> "LanguageModel":
        """A model whose file was read; see ``open``."""
        if precision not in (None, *get_args(Precision)):
            raise UsageError(f"precision must be {' or '.join(get_args(Precision))}, not {precision!r:.40}")
        if threads is not None and threads < 1:
            raise UsageError(f"threads must be 1 or more, not {threads}")
        chosen = choose_precision(model, precision)

        def start(precision: Precision) -> Predictor:
            return Runtime(model, precision, threads or choose_threads(model, precision, streams))

        predictor = start(chosen)
        network = OpenNetwork(model.tokenizer, predictor, model.training.words)
        opened = cls(model, name, network, lambda: predictor if chosen == "float32" else start("float32"))
        return opened.remember(model.text) if model.text else opened

    def remember(self, *texts: str) -> "LanguageModel":
        """The same model with texts in its memory: what followed the last words there is expected here as well.

        A model that remembers reads and writes in the voice of the texts at once, without any training. This one stays
        as it is; the two share the network.

        Args:
            texts: each stands by itself. A million characters take 12 MB and a fifth of a second.
        """
        memory = self.memory
        for text in texts:
            memory = memory.learn(self.tokenizer.encode(text))
        network = self.network.learn_words(texts)
        return LanguageModel(self.model, self.name, network, lambda: self.exact, memory)

    def forget(self) -> "LanguageModel":
        """The same model with nothing in its memory, not even what is in its file."""
        return LanguageModel(self.model, self.name, self.network, lambda: self.exact)

    def write(
        self,
        prompt: str = "",
        settings: Settings | None = None,
        *,
        alternatives: int = 0,
        **keywords: Unpack[SettingKeywords],
    ) -> Writing:
        """Go on from a prompt: iterate over what comes back for one piece after the other.

        Args:
            prompt: everything before the text. What the vocabulary lacks of it is passed over, or read as the unknown
                symbol where the model has learnt one; ``read(prompt).unknown`` tells.
            settings: how to write; the default ones if there are none.
            alternatives: how many of the likeliest symbols each piece's ``insight`` tells; 0 for no insight.
            keywords: single settings, such as ``length=300``; they come before ``settings``.

        Raises:
            UsageError: a setting is unknown, out of range, or contradicts another.
            ModelError: the model's numbers overflow.
        """
        wanted = make_settings(settings, keywords)
        return self.read(prompt, memory=wanted.memory).write(wanted, alternatives=alternatives)

    def write_text(
        self, prompt: str = "", settings: Settings | None = None, **keywords: Unpack[SettingKeywords]
    ) -> str:
        """Go on from a prompt, and give what was written, without the prompt; see ``write``."""
        return self.write(prompt, settings, **keywords).finish().text

    def write_all(
        self,
        prompts: Sequence[str],
        settings: Settings | None = None,
        *,
        count: int = 1,
        alternatives: int = 0,
        watch: Watch = ignore,
        **keywords: Unpack[SettingKeywords],
    ) -> Writings:
        """Go on from several prompts side by side, which takes much less time than one after the other.

        Iterate over what comes back for a piece of each text, or take all texts with ``finish()``.

        Args:
            prompts: at least one.
            settings: how to write, the same for all.
            count: texts for each prompt; the texts of a prompt follow each other.
            alternatives: as for ``write``.
            watch: as for ``read``.
            keywords: single settings. The first text of each prompt has the seed ``seed``, the next one 1 more, and
                so on; each is the text that it would be alone.

        Raises:
            UsageError: a setting is unknown, out of range, or contradicts another; there are too many texts, or none.
            ModelError: the model's numbers overflow.
        """
        wanted = make_settings(settings, keywords)
        prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        if not prompts:
            raise UsageError("there is no prompt to continue: give at least one, which may be empty")
        check_count(len(prompts), count)
        places = [self.read(prompt, watch, memory=wanted.memory).place for prompt in prompts]
        return Writings(self.network, prompts, places, wanted, count, alternatives)

    def candidates(
        self,
        prompt: str = "",
        count: int = 8,
        settings: Settings | None = None,
        **keywords: Unpack[SettingKeywords],
    ) -> list[Continuation]:
        """Several ways to go on from a prompt, written side by side.

        ``write_all([prompt], count=count)`` gives the same texts while they grow.

        Args:
            prompt: everything before the texts.
            count: how many.
            settings: how to write.
            keywords: single settings. The first text has the seed ``seed``, the next one 1 more, and so on.

        Raises:
            UsageError: a setting is unknown, out of range, or contradicts another; ``count`` is below 1 or too large.
            ModelError: the model's numbers overflow.
        """
        wanted = make_settings(settings, keywords)
        return self.read(prompt, memory=wanted.memory).candidates(count, wanted)

    def best(
        self,
        prompt: str = "",
        count: int = 8,
        settings: Settings | None = None,
        **keywords: Unpack[SettingKeywords],
    ) -> list[Ranked]:
        """Several ways to continue a prompt, written side by side, the best first.

        They are ranked by how probable they are, how little they repeat, and, where the prompt asks for a reply, by
        how much more probable it makes them; see `rnnchat.generation.ranking`.

        Args:
            prompt: everything before the texts.
            count: how many.
            settings: how to write.
            keywords: single settings. The seeds are those of ``candidates``, so that the seed of each
                ``continuation`` writes it again.

        Raises:
            UsageError: a setting is unknown, out of range, or contradicts another; ``count`` is below 1 or too large.
            ModelError: the model's numbers overflow.
        """
        return rank(self.network, self.candidates(prompt, count, make_settings(settings, keywords)))

    def search(
        self,
        prompt: str = "",
        width: int = 8,
        settings: Settings | None = None,
        *,
        length_penalty: float = 1.0,
        **keywords: Unpack[SettingKeywords],
    ) -> list[Beam]:
        """The most probable ways to go on from a prompt, by beam search; nothing is left to chance.

        Args:
            prompt: everything before the texts.
            width: how many texts are pursued, and at most come back; 1 to 256.
            settings: of them ``length``, ``until``, ``stop``, ``min_length``, ``ban`` and ``bias`` count.
            length_penalty: 0 ranks by probability, which favours short texts; 1 by probability a character.
            keywords: single settings.

        Returns:
            different texts, the best first.

        Raises:
            UsageError: an argument or a setting is unknown or out of range, or what is banned leaves nothing to write.
            ModelError: the model's numbers overflow.
        """
        wanted = make_settings(settings, keywords)
        return self.read(prompt, memory=wanted.memory).search(width, wanted, length_penalty=length_penalty)

    def read(
        self, text: str = "", watch: Watch = ignore, *, memory: bool = True, own: Sequence[tuple[int, int]] = ()
    ) -> Reading:
        """Read a text, to continue from its end in several ways.

        Args:
            text: what to read.
            memory: whether what the model remembers, this text included, counts in what it expects.
            own: where a model wrote the text, begins and ends: it is not remembered word for word.
            watch: told from time to time how many symbols of a long text are read, of how many; what it raises ends
                the reading.

        Raises:
            ModelError: the model's numbers overflow.
        """
        return Reading(self.network, text, watch, self.memory if memory else None, own)

    def mix(self, other: "LanguageModel", weight: float = 0.5) -> "LanguageModel":
        """A model that writes as both: its probabilities are ``1 - weight`` of this one's, ``weight`` of the other's.

        Args:
            other: a model with the same vocabulary; it may be a mixture itself.
            weight: the other's share, from 0 to 1.

        Raises:
            UsageError: the vocabularies differ, or the weight is out of range.
        """
        if not 0 <= weight <= 1:
            raise UsageError(f"weight must be from 0 to 1, not {weight}")
        check_same_vocabulary([self.tokenizer, other.tokenizer])
        weights = (1 - weight, weight)

        def join(ours: Predictor, theirs: Predictor) -> Predictor:
            return Mixture([ours, theirs], weights)

        return LanguageModel(
            self.model,
            f"{self.name} + {weight:g} {other.name}",
            OpenNetwork(
                self.tokenizer,
                join(self.network.predictor, other.network.predictor),
                words=self.model.training.words,
            ),
            lambda: join(self.exact, other.exact),
        )

    def __repr__(self) -> str:
        config = self.model.config
        sizes = ",".join(map(str, config.hidden_sizes))
        return f"<LanguageModel {self.name}: {self.tokenizer.level}, {config.cell} {sizes}, {self.precision}>"
