"""The assembly: settings become the values of the rooms, and what is wrong is said in full."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mss_guard import assembly, config, doors, errands, previews, telling
from mss_guard.core.model import Category, Measure, Why
from mss_guard.core.policy import SUSPICION
from mss_guard.core.strict_yaml import Mistakes
from mss_guard.edge.journal import JournalBusy
from tests.cli.kit import configure

NOW = datetime.now(UTC)
BASE = "structure: {name: Les Tilleuls, domains: [tilleuls.fr]}\n"


def settings(text=""):
    return config.load(None, BASE + text)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("", "", ()),
        ("listeners: [{port: 1025}]\n", "listeners: [{port: 1026}]\n", ("listeners",)),
        ("", "next_hop: {port: 26}\n", ("next_hop",)),
        ("", "limits: {size: 10MB}\n", ("limits",)),
        ("", "audit: {path: /x}\n", ("audit.path",)),
        ("", "state: /x\n", ("state",)),
        ("", "smtp: {hostname: a.fr}\n", ("smtp",)),
        ("", "inspection: {workers: 3}\n", ("inspection.workers",)),
        ("", "node: autre\n", ("node",)),
        ("", "policy: {mode: observe}\ntrust: {max_age: 3d}\npartners: {domains: [a.fr]}\n", ()),
    ],
)
def test_what_a_reload_leaves_alone_is_named(before, after, named):
    """Doors are built once; everything that is only read can change."""
    assert doors.needs_restart(settings(before), settings(after)) == named


def test_the_policy_words_become_the_table_s():
    """`warn`, `observe`, `off` of a category, `suspicion` of a reason, and the mode that stands for none."""
    text = "policy: {categories: {care: warn, social: observe, stay: off, employee: enforce}, unreadable: {damaged: note}}\n"
    found = assembly.policy_settings(settings(text))
    assert found.mode == "enforce"
    assert found.categories[Category.CARE] is Measure.ADVISE
    assert found.categories[Category.SOCIAL] is Measure.NOTE
    assert found.categories[Category.STAY] is Measure.RELAY
    assert Category.EMPLOYEE not in found.categories
    assert (found.unreadable[Why.DAMAGED], found.unreadable[Why.NO_TEXT]) == (Measure.NOTE, SUSPICION)


def test_all_mistakes_of_all_rule_files_are_said_at_once(tmp_path):
    """Two broken files of rules.d are one refusal with both places."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"version: 1\nrules:\n- id: local.{name}\n  titel: x\n")
    with pytest.raises(Mistakes) as refused:
        assembly.load(settings(f"rules: {{paths: [{tmp_path}]}}\n"), NOW)
    said = "\n".join(assembly.explain(refused.value))
    assert "a.yaml:4:3:" in said
    assert "b.yaml:4:3:" in said


def test_an_unknown_region_is_a_mistake():
    """The notice would name nobody, so it is said at the start, with what was probably meant."""
    text = BASE.replace("}", ", region: pays-de-loire, contact: {email: a@tilleuls.fr}}")
    with pytest.raises(Mistakes, match="pays-de-la-loire"):
        assembly.load(config.load(None, text), NOW)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (JournalBusy("/j"), "déjà tenu par un autre processus"),
        (FileNotFoundError(2, "No such file or directory", "/c.yaml"), "/c.yaml : n'existe pas"),
        (OSError("odd"), "odd"),
        (OSError(), "OSError"),
    ],
)
def test_every_refusal_says_something(refusal, words):
    """No start-up refusal is silent or a traceback."""
    assert words in "\n".join(assembly.explain(refusal))


def test_only_the_service_keeps_a_copy_of_the_list(tmp_path):
    """Looking writes nothing; the service keeps the last good list, which then serves when the file is gone."""
    file = configure(tmp_path)
    errands.read_for_scan(file)
    assert not (tmp_path / "state").exists()
    errands.read(file)
    assert (tmp_path / "state" / "trust" / "liste-blanche.xml").exists()
    (tmp_path / "liste.xml").unlink()
    loaded = errands.read_for_scan(file)
    assert loaded.state.knowledge.has_list(NOW)
    assert any("dernière bonne liste" in sentence for sentence in loaded.said)


def test_the_version_changes_with_everything_that_is_known(tmp_path):
    """Rules, list, partners and policy each give the state of knowledge another name; the same files give the same."""
    file = configure(tmp_path)
    first = errands.read_for_scan(file).state.knowledge.version
    assert errands.read_for_scan(file).state.knowledge.version == first
    text = file.read_text()
    versions = {first}
    for old, new in (
        ("mode: enforce", "mode: observe"),
        ("materiel-medical", "autre"),
        ("to_mssante: relay", "to_mssante: refuse"),
    ):
        file.write_text(text.replace(old, new))
        versions.add(errands.read_for_scan(file).state.knowledge.version)
    file.write_text(text + "rules: {disable: [document.mdph]}\n")
    versions.add(errands.read_for_scan(file).state.knowledge.version)
    file.write_text(text.replace("trust: {", "trust: {deny: [{domain: ch-valombreuse.mssante.fr, reason: essai}], "))
    versions.add(errands.read_for_scan(file).state.knowledge.version)
    assert len(versions) == 6


def test_lists_are_watched_by_their_times(tmp_path):
    """A touched list or a new partner file changes the picture; what is missing is no error."""
    file = configure(tmp_path)
    file.write_text(file.read_text().replace("partners: {", f"partners: {{files: [{tmp_path}/p/*.txt], "))
    found = config.load(file)
    first = doors.list_times(found)
    os.utime(tmp_path / "liste.xml", (1, 1))
    second = doors.list_times(found)
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.txt").write_text("a.fr\n")
    third = doors.list_times(found)
    assert len({first, second, third}) == 3


def test_partner_files_are_read_and_a_wrong_line_has_its_place(tmp_path):
    """Names of the files stand beside those of the configuration."""
    file = configure(tmp_path)
    file.write_text(file.read_text().replace("partners: {", f"partners: {{files: [{tmp_path}/*.txt], "))
    (tmp_path / "a.txt").write_text("# fournisseurs\nautre-fournisseur.example\n")
    known = errands.read_for_scan(file).state.knowledge.partners
    assert {"autre-fournisseur.example", "materiel-medical.example"} <= known.domains
    (tmp_path / "a.txt").write_text("autre fournisseur\n")
    with pytest.raises(Mistakes, match=r"a\.txt:1:"):
        errands.read_for_scan(file)


def test_the_status_line_says_mode_and_list(tmp_path):
    """What `systemctl status` shows: the mode, how many domains, which state of knowledge."""
    loaded = errands.read_for_scan(configure(tmp_path))
    assert telling.status(loaded, NOW).startswith("enforce, liste blanche : ")
    assert "sans liste blanche valable" in telling.status(loaded, NOW + timedelta(days=9999))


def test_the_preview_does_not_hang_on_the_list_or_the_mode(tmp_path):
    """Without a list and in `observe` the invented refusal is still shown."""
    file = configure(tmp_path, mode="observe")
    Path(tmp_path / "liste.xml").unlink()
    shown = errands.preview(errands.read_for_scan(file), previews.Asked())
    assert "MSSG-2222-2222" in shown


def test_the_example_configuration_loads_with_the_shipped_rules():
    """What an administrator copies names no rule, region or family that is not there."""
    example = Path(__file__).resolve().parents[1] / "examples" / "mss-guard.yaml"
    assert assembly.load(config.load(example), datetime.now(UTC)).payload


def test_exceptions_out_of_reach_never_turn_into_refusals(tmp_path):
    """A command that only looks does without them; the service does not start on it, and keeps its rows when it happens later."""
    found = settings(f"state: {tmp_path / 'state'}\n")
    loaded = assembly.load(found, NOW, compiled=False, keep=True)
    (tmp_path / "state" / "exceptions.json").mkdir(parents=True)
    assert assembly.load(found, NOW, compiled=False).state.knowledge.exemptions == ()
    for serve in (lambda: assembly.load(found, NOW, compiled=False, keep=True), lambda: assembly.relist(loaded, NOW)):
        with pytest.raises(assembly.REFUSALS):
            serve()
