"""Senders in words: how they stand, and how they are connected by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.wording import day_time, fill_in, one_line, plural, say, tr

if TYPE_CHECKING:
    from metarr_desktop.app.sender_snapshots import RootFolder, SenderIssue, SenderSnapshot

_STATES = {
    SenderState.OFF: (NoteKind.PLAIN, "Off"),
    SenderState.SEEN: (NoteKind.PLAIN, "Sends webhooks"),
    SenderState.NOT_CONNECTED: (NoteKind.WARNING, "Not connected"),
    SenderState.CONNECTED: (NoteKind.DONE, "Connected"),
    SenderState.UNREACHABLE: (NoteKind.FAILED, "Does not answer"),
    SenderState.KEY_REJECTED: (NoteKind.FAILED, "Key rejected"),
    SenderState.WRONG_PROGRAM: (NoteKind.FAILED, "Another program answers"),
    SenderState.STOPPED_CALLING: (NoteKind.FAILED, "Stopped calling"),
    SenderState.ADDRESS_CHANGED: (NoteKind.WARNING, "Address changed"),
}
_TICKS = {
    "radarr": "On File Import, On File Upgrade, On Rename, On Movie File Delete",
    "sonarr": "On File Import, On File Upgrade, On Rename, On Series Delete, On Episode File Delete",
    "lidarr": "On Release Import, On Upgrade, On Rename, On Artist Delete, On Album Delete",
}


def sender_state_text(sender: SenderSnapshot) -> tuple[NoteKind, str]:
    """How a sender stands, and what kind of news that is."""
    if sender.state is SenderState.SEEN and sender.last_contact is None:
        return NoteKind.PLAIN, tr("Nothing came from it yet")
    kind, word = _STATES[sender.state]
    return kind, tr(word) if sender.detail is None else one_line(say(sender.detail))


def sender_state_word(sender: SenderSnapshot) -> tuple[NoteKind, str]:
    """How a sender stands, in few words."""
    kind, words = sender_state_text(sender)
    return kind, words if sender.detail is None else tr(_STATES[sender.state][1])


def contact_text(sender: SenderSnapshot) -> str:
    """When it called last, and how often in the last day."""
    count = plural("{n} webhook in the last 24 hours", "{n} webhooks in the last 24 hours", sender.events_24h)
    if sender.last_contact is None:
        return tr("No webhook yet")
    return fill_in(tr("{time}; {count}"), time=day_time(sender.last_contact), count=count)


def missed_text(sender: SenderSnapshot) -> str:
    """What happened while nobody listened."""
    return plural(
        "{n} import happened while Metarr Desktop was off.",
        "{n} imports happened while Metarr Desktop was off.",
        sender.missed,
    )


def folder_text(folder: RootFolder) -> str:
    """Where a sender's folder lies on this computer."""
    if folder.here is None:
        return tr("Not on this computer")
    where = fill_in(tr("Here as {path}"), path=folder.here)
    return where if folder.library else f"{where} - {tr('in no library folder')}"


def issue_text(issue: SenderIssue) -> tuple[NoteKind, str]:
    """What a sender complains of."""
    kind = NoteKind.FAILED if issue.level == "error" else NoteKind.WARNING
    values = {"message": one_line(issue.message).rstrip("."), "time": day_time(issue.since)}
    return kind, fill_in(tr("{message} (since {time})"), **values)


def steps_by_hand(kind: str, *, title: str, can_connect: bool) -> tuple[str, ...]:
    """What a person does in the sender itself, before and after pasting the address."""
    if not can_connect:
        return (
            fill_in(
                tr("1. In {sender} open Settings > Notifications > Webhook and enable it."), sender=title
            ),
            tr("2. Choose what you want to be told of."),
            tr("3. Paste the address above as Webhook URL."),
            fill_in(tr("4. Press Test in {sender}. It appears here at once."), sender=title),
        )
    ticks = _TICKS.get(kind)
    return (
        fill_in(tr('1. In {sender} open Settings > Connect, add "Webhook".'), sender=title),
        fill_in(tr("2. Tick {ticks}."), ticks=ticks) if ticks else tr("2. Tick what you want to be told of."),
        tr("3. Paste the address above as Webhook URL. Method: POST."),
        fill_in(tr("4. Press Test in {sender}. It appears here at once."), sender=title),
    )
