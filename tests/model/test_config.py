import pytest

from rnnchat.errors import UsageError
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_configuration_survives_json(cell):
    config = ModelConfig(11, cell, (7, 5), 3, dropout=0.25, tied=True, residual=True)
    assert ModelConfig.from_json(config.to_json()) == config


def test_a_configuration_of_an_older_file_has_no_residual_connections():
    record = ModelConfig(11, "lstm", (7, 7), 7).to_json()
    del record["residual"]
    assert not ModelConfig.from_json(record).residual
    with pytest.raises(TypeError, match="1 is not bool"):
        ModelConfig.from_json({**record, "residual": 1})


def test_an_input_is_added_where_sizes_are_equal_and_never_a_one_hot_symbol():
    config = ModelConfig(11, "lstm", (7, 7, 5), 7, residual=True)
    assert [config.adds_input(layer) for layer in range(3)] == [True, True, False]
    assert not any(ModelConfig(11, "lstm", (7, 7), 7).adds_input(layer) for layer in range(2))
    assert not ModelConfig(7, "lstm", (7,), 0, residual=True).adds_input(0)


def test_shapes_follow_the_sizes_of_each_layer():
    config = ModelConfig(11, "gru", (7, 5), 3)
    shapes = config.weight_shapes()
    assert shapes["embedding.weight"] == (11, 3)
    assert shapes["layers.0.weight_ih"] == (21, 3)
    assert shapes["layers.1.weight_ih"] == (15, 7)
    assert shapes["layers.1.weight_hh"] == (15, 5)
    assert shapes["output.weight"] == (11, 5)


def test_one_hot_input_needs_no_embedding():
    shapes = ModelConfig(11, "rnn-tanh", (7,), 0).weight_shapes()
    assert "embedding.weight" not in shapes
    assert shapes["layers.0.weight_ih"] == (7, 11)


def test_a_tied_output_is_the_embedding_through_a_projection_where_sizes_differ():
    assert "output.weight" not in ModelConfig(11, "lstm", (7,), 3, tied=True).weight_shapes()
    assert ModelConfig(11, "lstm", (7,), 3, tied=True).weight_shapes()["projection.weight"] == (3, 7)
    assert "projection.weight" not in ModelConfig(11, "lstm", (3,), 3, tied=True).weight_shapes()


def test_parameters_count_every_number_of_the_weights():
    # lstm: 4·5·(3 + 5 + 2) recurrent, 11·3 embedding, 11·5 + 11 output
    assert ModelConfig(11, "lstm", (5,), 3).parameters == 200 + 33 + 66


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cell": "transformer"}, "choose one of lstm"),
        ({"hidden_sizes": ()}, "at least one layer"),
        ({"hidden_sizes": (0,)}, "hidden size must be from 1 .*, not 0"),
        ({"embedding_size": -1}, "embedding size must be from 0 .*, not -1"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, not 1.0"),
        ({"embedding_size": 0, "tied": True}, "needs an embedding"),
        ({"vocab_size": 0}, "vocabulary size must be from 1 .*, not 0"),
        ({"hidden_sizes": (3,) * 65}, "65 layers"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_in_a_sentence(values, message):
    sound = {"vocab_size": 11, "cell": "lstm", "hidden_sizes": (5,), "embedding_size": 3}
    with pytest.raises(UsageError, match=message):
        ModelConfig(**{**sound, **values})


def test_a_network_is_described_in_a_few_words():
    assert ModelConfig(11, "lstm", (512, 512), 3).describe() == "lstm 2×512"
    assert ModelConfig(11, "gru", (128, 64), 3).describe() == "gru 128, 64"
    assert ModelConfig(11, "lstm", (64, 64), 3, residual=True).describe() == "lstm 2×64 residual"
    assert ModelConfig(11, "gru", (128, 64), 3, residual=True).describe() == "gru 128, 64"
