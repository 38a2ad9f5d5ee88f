from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.paths import Paths
from agent.settings.config import Config, ConfigError, line_of, load, read_table

FULL = """\
# A comment, and an empty line.

model = "claude-x"
base_url = "http://localhost:11434/"
max_tokens = 4_000
mode = "careful"
tmux = "/opt/tmux"

[headers]
X-Team = "blue"

[dream]
mode = "manual"
idle_minutes = 1.5
gap_hours = 12
sessions = 3
gap = "session"
embedder = "~/model"

[dream.model]
requests = 2
dollars = 0.5

[dream.remember]
requests = 0

[rules]
deny = ["rm -rf /", "sudo *"]
ask = []
allow = [
  "make test",
]
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "data", tmp_path / "run")


def read(paths: Paths, text: str, environment: Mapping[str, str] | None = None) -> Config:
    paths.config_file.write_text(text)
    return load(paths, environment=environment or {})


def refusal(paths: Paths, text: str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(paths, text, environment)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(paths.config_file))


def test_without_a_file_everything_has_its_default(paths: Paths) -> None:
    config = load(paths, environment={})
    assert config == Config()
    assert (config.model, config.mode, config.tmux) == ("", None, "tmux")
    assert (config.dream.idle_minutes, config.dream.gap_hours, config.dream.sessions) == (15, 24, 5)
    assert (config.rules.deny, config.rules.ask, config.rules.allow) == ((), (), ())


def test_every_setting_can_be_set(paths: Paths) -> None:
    config = read(paths, FULL)
    assert (config.model, config.base_url) == ("claude-x", "http://localhost:11434")
    assert (config.max_tokens, config.mode, config.tmux) == (4000, "careful", "/opt/tmux")
    assert config.headers == {"X-Team": "blue"}
    assert config.dream.model_dump() == {
        "mode": "manual",
        "idle_minutes": 1.5,
        "gap_hours": 12,
        "sessions": 3,
        "gap": "session",
        "embedder": "~/model",
        "model": {"requests": 2, "tokens": 100_000, "dollars": 0.5},
        "remember": {"requests": 0, "tokens": 500_000, "dollars": None},
    }
    assert config.dream.embedder_path == Path.home() / "model"
    assert config.rules.deny == ("rm -rf /", "sudo *")
    assert config.rules.allow == ("make test",)


def test_every_field_says_what_it_is_for() -> None:
    source = Path(Config.__module__.replace(".", "/") + ".py")
    text = (Path(__file__).parents[3] / source).read_text()
    for name in Config.model_fields:
        following = text.split(f"\n    {name}: ", 1)[1].split("\n\n", 1)[0]
        assert '"""' in following, name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'model = "m"\nmode = "yolo"',
            ':2: mode must be one of plan, careful, standard (found "yolo")',
        ),
        ('modle = "m"', ':1: there is no setting "modle": did you mean "model"?'),
        (
            '[dream]\n\nidel_minutes = 3\nmode = "auto"',
            ':3: there is no setting "dream.idel_minutes": did you mean "idle_minutes"?',
        ),
        ("[dream]\nqqq = 3", ':2: there is no setting "dream.qqq": known are mode, '),
        ('max_tokens = "many"', ':1: max_tokens must be a whole number (found "many")'),
        ("max_tokens = 1.5", ":1: max_tokens must be a whole number (found 1.5)"),
        ("max_tokens = 0", ":1: max_tokens must be at least 1 (found 0)"),
        ("model = 3", ":1: model must be text in quotes (found 3)"),
        ("[dream]\ngap_hours = true", ":2: dream.gap_hours must be a number (found True)"),
        ('dream = "auto"', ':1: dream must be a table, [dream] (found "auto")'),
        ('headers = "x"', ":1: headers must be a table, [headers] (found"),
        ("[headers]\nX = 1", ":2: headers.X must be text in quotes (found 1)"),
        ('[rules]\nask = []\ndeny = "rm"', ':3: rules.deny must be a list of texts (found "rm")'),
        ("[rules]\nallow = [1]", ":2: rules.allow.0 must be text in quotes (found 1)"),
        (
            '[rules]\ndeny = [{rule = "Bash(a)", macth = ["a"]}]',
            ':2: there is no setting "rules.deny.0.macth": did you mean "match"?',
        ),
        ("[rules]\ndeny = [{match = []}]", ":2: rules.deny.0.rule: field required"),
        ('base_url = "localhost:1"', ":1: base_url must start with http:// or https:// and name"),
        ('tmux = " "', ":1: tmux must name a program"),
        (
            'dream.mode = "on"',
            ':1: dream.mode must be one of off, recall, manual, auto (found "on")',
        ),
        ('model = "m', ":1: is not valid TOML: "),
        ('model = "a"\n\nmodel = "b"', ":3: is not valid TOML: cannot overwrite a value"),
        ('\nmodel = = "b"', ":2: is not valid TOML: "),
        ("[dream]\n\ngap_hours = inf", ":3: dream.gap_hours must be a finite number (found inf)"),
        ("[dream]\nidle_minutes = nan", ":2: dream.idle_minutes must be a finite number (found"),
        ("[dream]\nidle_minutes = 1e300", ":2: dream.idle_minutes must be at most 525600 (found"),
        pytest.param(
            "[dream]\nsessions = 0x" + "f" * 9_000,
            ":2: dream.sessions must be at most 1000000 (f",
            id="huge-hex",
        ),
        ("[recording]\nmegabytes = 1_000_001", ":2: recording.megabytes must be at most 1000000"),
        pytest.param(
            "\nmax_tokens = " + "9" * 5_000,
            ":2: a number is too long: at most 1000000",
            id="long-number",
        ),
        pytest.param(
            "model = 'm'\n\na = " + "[" * 5_000,
            ":3: lists or tables are nested too deeply: no",
            id="deep-list",
        ),
        pytest.param("a = 1\na." + "{x=" * 5_000, ":2: ", id="deep-table"),
        ('[headers]\nA = "b"\n"X y:" = "secret"', ":3: headers.X y: is no name of a header: "),
        ('[headers]\n"X\\ny" = "secret"', ":1: headers.X\\u000ay is no name of a header: "),
        ('[headers]\nContent-Length = "secret"', ":2: headers.Content-Length is set by the prog"),
        ('[headers]\nA = "b"\nX = "secret\\nY: b"', ":3: headers.X must be one line of ASCII wit"),
        ('[headers]\nX = "secret é"', ":2: headers.X must be one line of ASCII without spaces"),
        ('base_url = "http://a:99999"', ":1: base_url must name a host and, after a colon, a p"),
        ('base_url = "http://a:0/"', ":1: base_url must name a host and, after a colon, a port"),
        ('base_url = "http://a:b"', ":1: base_url must name a host and, after a colon, a port"),
        ('base_url = "http://[::1"', ":1: base_url must name a host and, after a colon, a port"),
        ('base_url = "http://:80"', ":1: base_url must name a host and, after a colon, a port"),
        ('api_key = "sk-secret"', ":1: api_key does not belong here"),
        ('\nauth_token = "secret"', ":2: auth_token does not belong here"),
    ],
)
def test_faults_name_file_line_and_what_is_expected(paths: Paths, text: str, expected: str) -> None:
    said = refusal(paths, text)
    assert said.startswith(expected)
    assert "secret" not in said


def test_several_faults_are_all_told(paths: Paths) -> None:
    with pytest.raises(ConfigError, match=r"\(and 2 more\)$") as caught:
        read(paths, "model = 1\nmodes = 2\n[dream]\nsessions = -1")
    lines = [line.removeprefix(f"{paths.config_file}:") for line in caught.value.lines]
    assert sorted(line[0] for line in lines) == ["1", "2", "4"]


def test_files_that_cannot_be_read(paths: Paths) -> None:
    paths.config_file.write_bytes(b'model = "a"\n# \xff\n')
    with pytest.raises(ConfigError, match=r":2: is not UTF-8"):
        load(paths, environment={})
    paths.config_file.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="right file"):
        load(paths, environment={})
    paths.config_file.unlink()
    paths.config_file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(paths, environment={})


def test_a_file_in_the_home_is_shown_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    own = tmp_path / ".config" / "tungsten"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('mode = "yolo"\n')
    with pytest.raises(ConfigError) as caught:
        load(Paths(own, own, own), environment={})
    assert str(caught.value) == (
        "~/.config/tungsten/config.toml:1: "
        'mode must be one of plan, careful, standard (found "yolo")'
    )


def test_the_environment_comes_before_the_file(paths: Paths) -> None:
    environment = {
        "TUNGSTEN_MODEL": "from-environment",
        "ANTHROPIC_BASE_URL": "https://gate.example/",
        "ANTHROPIC_API_KEY": "sk-secret-1",
        "ANTHROPIC_AUTH_TOKEN": "secret-2",
    }
    config = read(paths, FULL, environment)
    assert (config.model, config.base_url) == ("from-environment", "https://gate.example")
    assert config.api_key.get_secret_value() == "sk-secret-1"
    assert config.auth_token.get_secret_value() == "secret-2"
    assert config.max_tokens == 4000
    assert read(paths, FULL, dict.fromkeys(environment, "")).model == "claude-x"
    for shown in (repr(config), str(config), config.model_dump_json()):
        assert "secret" not in shown


def test_a_bad_variable_is_named(paths: Paths) -> None:
    said = refusal(paths, "", {"ANTHROPIC_BASE_URL": "nowhere"})
    assert said.startswith("ANTHROPIC_BASE_URL: base_url must start with http://")


def test_the_real_environment_is_the_default(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TUNGSTEN_MODEL", "m")
    assert load(paths).model == "m"


@given(st.text(max_size=60))
def test_any_text_loads_or_is_one_clear_line(text: str) -> None:
    assert line_of(text, ("dream", "mode")) >= 1


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    said = f"{path}:"
    try:
        read_table(path)
    except ConfigError as error:
        said = str(error)
    assert said.startswith(f"{path}:")
    assert "\n" not in said


def test_limits_and_prices(paths: Paths) -> None:
    config = read(
        paths,
        "[budget.session]\ndollars = 5\nrequests = 0\n[budget.day]\ntokens = 9_000_000_000\n"
        '[prices."qwen2.5-coder:32b"]\ninput = 1\noutput = 2.5\n',
    )
    assert (config.budget.session.dollars, config.budget.session.requests) == (5.0, 0)
    assert (config.budget.session.tokens, config.budget.day.tokens) == (None, 9_000_000_000)
    price = config.prices["qwen2.5-coder:32b"]
    assert price.of(1_000_000, 1_000_000, 1_000_000, 1_000_000) == 5.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget.day]\ndolars = 5\n", ':2: there is no setting "budget.day.dolars": did you mean'),
        ("[budget.week]\n", ':1: there is no setting "budget.week": known are session, day'),
        ("[budget.day]\ndollars = -1\n", ":2: budget.day.dollars must be at least 0 (found -1)"),
        ("[budget.day]\nrequests = 1.5\n", ":2: budget.day.requests must be a whole number"),
        ("[budget.day]\ntokens = 10_000_000_000_000\n", ":2: budget.day.tokens must be at most 1"),
        ("[prices.m]\ninput = 1\n", ":1: prices.m.output: field required"),
        (
            'model = "m"\n[prices."a.b"]\ninput = 1\noutput = 1\ncache = 1\n',
            ':5: there is no setting "prices.a.b.cache": known are input, output, cache_',
        ),
        ('[prices]\n"m" = 5\n', ":2: prices.m must be a table, [prices.m] (found 5)"),
    ],
)
def test_what_is_wrong_with_limits_and_prices(paths: Paths, text: str, said: str) -> None:
    assert refusal(paths, text).startswith(said)


PROFILES = """
base_url = "http://outside:1"
model = "outside"
max_tokens = 100

[headers]
X-Team = "secret-team"

[profiles.local]
model = "qwen3-coder"
base_url = "http://localhost:11434/"
context_window = 32_768

[profiles.work]
base_url = "https://gate.example"
key_variable = "WORK_KEY"
headers = { X-Gate = "1" }

[profiles.fast]
model = "claude-haiku"
"""
AROUND = {
    "ANTHROPIC_API_KEY": "sk-outside",
    "ANTHROPIC_CUSTOM_HEADERS": "X-One: 1\n X-Two : two: 2 \nnothing",
    "WORK_KEY": "sk-work",
}


def test_a_profile_with_an_address_takes_nothing_that_is_for_another(paths: Paths) -> None:
    config = read(paths, PROFILES, {**AROUND, "TUNGSTEN_PROFILE": "local"})
    assert (config.profile, config.model) == ("local", "qwen3-coder")
    assert config.base_url == "http://localhost:11434"
    assert (config.headers, config.context_window, config.max_tokens) == ({}, 32_768, 100)
    assert config.api_key.get_secret_value() == config.auth_token.get_secret_value() == ""
    config = read(paths, PROFILES, {**AROUND, "TUNGSTEN_PROFILE": "work", "TUNGSTEN_MODEL": "m"})
    assert (config.base_url, config.model) == ("https://gate.example", "m")
    assert config.headers == {"X-Gate": "1"}
    assert config.api_key.get_secret_value() == "sk-work"
    assert config.secret_variables == {"WORK_KEY"}
    assert "sk-work" not in repr(config)


def test_a_profile_without_an_address_changes_what_it_names(paths: Paths) -> None:
    config = read(paths, 'profile = "fast"\n' + PROFILES, AROUND)
    assert (config.model, config.base_url) == ("claude-haiku", "http://outside:1")
    assert config.api_key.get_secret_value() == "sk-outside"
    assert config.headers == {"X-Team": "secret-team", "X-One": "1", "X-Two": "two: 2"}
    # What the environment names comes before what the file names.
    config = read(paths, 'profile = "fast"\n' + PROFILES, {"TUNGSTEN_PROFILE": "local"})
    assert config.model == "qwen3-coder"


@pytest.mark.parametrize(
    ("profile", "text", "said"),
    [
        ("loca", PROFILES, ': there is no profile "loca", [profiles.loca]: known are local, work'),
        ("x", "", ': there is no profile "x", [profiles.x]: there is none'),
        ("work", PROFILES, ':16: the key of profile "work" is taken from WORK_KEY: set it'),
        ("", "[profiles.a]\nkey = 1\n", ':2: there is no setting "profiles.a.key": known are'),
        ("", '[profiles.a]\nbase_url = "x"\n', ":2: profiles.a.base_url must start with http://"),
        (
            "",
            '[profiles.a]\nkey_variable = "sk-ant-secret"\n',
            ":2: profiles.a.key_variable must be the name of an environment variable, never a key",
        ),
        ("", '[profiles.a.headers]\nX = "secret é"\n', ":2: profiles.a.headers.X must be one line"),
    ],
)
def test_what_is_wrong_with_a_profile(paths: Paths, profile: str, text: str, said: str) -> None:
    heard = refusal(paths, text, {"TUNGSTEN_PROFILE": profile})
    assert heard.startswith(said)
    assert "secret" not in heard


def test_headers_of_the_environment_are_checked(paths: Paths) -> None:
    said = refusal(paths, "", {"ANTHROPIC_CUSTOM_HEADERS": "Content-Length: 7"})
    assert said.startswith("ANTHROPIC_CUSTOM_HEADERS: headers.Content-Length is set by the program")
