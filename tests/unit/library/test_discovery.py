from __future__ import annotations

import pytest

from metarr_desktop.domain.clock import EPOCH
from metarr_desktop.domain.media import AssetType
from metarr_desktop.library.discovery import VIDEO_EXTENSIONS, Discovery, Entry, discover

VIDEO = "The.Matrix.1999.mkv"


def entry(name: str, *, size: int = 10) -> Entry:
    return Entry(name=name, size=size, modified_at=EPOCH)


def look(
    *names: str, folder: str = "The Matrix (1999)", expected: str | None = None, big: str = VIDEO
) -> Discovery:
    entries = [entry(name, size=1000 if name == big else 10) for name in names]
    return discover(entries, folder_name=folder, expected=expected)


def kinds(found: Discovery) -> dict[str, str]:
    return {item.entry.name: str(item.type) for item in found.found}


def test_the_file_the_sender_named_is_the_video_even_when_another_is_larger() -> None:
    found = look("Other.mkv", VIDEO, expected="Other.mkv")
    assert found.video is not None
    assert found.video.name == "Other.mkv"


def test_a_named_file_that_says_sample_is_still_the_video() -> None:
    found = look("matrix-sample.mkv", VIDEO, expected="matrix-sample.mkv")
    assert found.video is not None
    assert found.video.name == "matrix-sample.mkv"


def test_the_largest_video_counts_where_the_named_file_is_not_there() -> None:
    found = look("Small.mkv", VIDEO, "movie.nfo", expected="Gone.mkv")
    assert found.video is not None
    assert found.video.name == VIDEO


def test_of_two_videos_of_one_size_the_first_by_name_counts() -> None:
    found = look("b.mkv", "a.mkv", big="")
    assert found.video is not None
    assert found.video.name == "a.mkv"


@pytest.mark.parametrize("extension", sorted(VIDEO_EXTENSIONS))
def test_every_video_extension_counts_in_either_case(extension: str) -> None:
    found = look("Film" + extension.upper())
    assert found.video is not None


@pytest.mark.parametrize(
    "name", ["film.txt", "film.mkv.part", "film", "film.iso.tmp", ".hidden.mkv", "._film.mkv"]
)
def test_what_is_no_video_or_hidden_is_not_one(name: str) -> None:
    assert look(name).video is None


@pytest.mark.parametrize(
    "name",
    [
        "sample.mkv",
        "Sample.mkv",
        "sample-grp.mkv",
        "grp-matrix-sample.mkv",
        "The.Matrix.1999.Sample.mkv",
        "matrix sample 2.mkv",
        "trailer.mkv",
        "Trailer2.mkv",
        "The.Matrix.1999-trailer.mkv",
        "The.Matrix.1999_TRAILER.mp4",
        "The Matrix trailer-2.mp4",
    ],
)
def test_samples_and_trailers_are_no_main_video_however_large(name: str) -> None:
    found = look(name, "film.mkv", big=name)
    assert found.video is not None
    assert found.video.name == "film.mkv"
    assert look(name, big=name).video is None


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Trailer.Park.Boys.The.Movie.2006.mkv", "Trailer Park Boys The Movie (2006)"),
        ("Trailer Park Boys.mkv", "Trailer Park Boys (2006)"),
        ("Trailer.Park.Boys.2006.mkv", "films of mine"),
        ("The Trailer.mkv", "The Trailer"),
        ("Sample.2015.1080p.mkv", "Sample (2015)"),
        ("Free Samples (2012).mkv", "Free Samples (2012)"),
        ("Resample.mkv", "Resample (2020)"),
        ("trailers.mkv", "x"),
    ],
)
def test_films_whose_title_has_such_a_word_are_found(name: str, folder: str) -> None:
    found = look(name, folder=folder)
    assert found.video is not None


def test_the_trailer_of_a_film_called_trailer_is_still_its_trailer() -> None:
    found = look(
        "The Trailer.mkv", "The Trailer-trailer.mkv", folder="The Trailer", big="The Trailer-trailer.mkv"
    )
    assert kinds(found) == {"The Trailer.mkv": "video", "The Trailer-trailer.mkv": "trailer"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("poster.jpg", AssetType.POSTER),
        ("Poster.JPG", AssetType.POSTER),
        ("folder.jpg", AssetType.POSTER),
        ("cover.png", AssetType.POSTER),
        ("poster.tbn", AssetType.POSTER),
        ("poster.webp", AssetType.POSTER),
        ("The.Matrix.1999-poster.jpeg", AssetType.POSTER),
        ("the.matrix.1999-POSTER.jpg", AssetType.POSTER),
        ("fanart.jpg", AssetType.FANART),
        ("fanart12.jpg", AssetType.FANART),
        ("The.Matrix.1999-fanart1.jpg", AssetType.FANART),
        ("backdrop.jpg", AssetType.FANART),
        ("banner.jpg", AssetType.BANNER),
        ("clearlogo.png", AssetType.CLEARLOGO),
        ("logo.png", AssetType.CLEARLOGO),
        ("The.Matrix.1999-logo.png", AssetType.CLEARLOGO),
        ("clearart.png", AssetType.CLEARART),
        ("discart.png", AssetType.DISCART),
        ("disc.png", AssetType.DISCART),
        ("The.Matrix.1999-disc.png", AssetType.DISCART),
        ("landscape.jpg", AssetType.LANDSCAPE),
        ("thumb.jpg", AssetType.THUMB),
        ("keyart.jpg", AssetType.KEYART),
        ("characterart.png", AssetType.CHARACTERART),
        ("movie.nfo", AssetType.NFO),
        ("The.Matrix.1999.NFO", AssetType.NFO),
        ("The.Matrix.1999.en.srt", AssetType.SUBTITLE),
        ("The.Matrix.1999.idx", AssetType.SUBTITLE),
        ("The.Matrix.1999-trailer.mp4", AssetType.TRAILER),
    ],
)
def test_files_beside_the_video_are_known_by_their_whole_name(name: str, kind: AssetType) -> None:
    assert kinds(look(VIDEO, name)) == {VIDEO: "video", name: str(kind)}


@pytest.mark.parametrize(
    "name",
    [
        "posters.jpg",
        "myposter.jpg",
        "poster-old.jpg",
        "Other.Film-poster.jpg",
        "The.Matrix.1999-poster.jpg.bak",
        "The.Matrix.1999.poster.jpg",
        "poster.gif",
        "poster",
        "poster1234.jpg",
        "The.Matrix.1999.jpg",
        ".poster.jpg",
        "screenshot.png",
        "readme.txt",
        "sample.mkv",
        "extrafanart/fanart1.jpg",
    ],
)
def test_names_that_merely_contain_such_a_word_are_nothing(name: str) -> None:
    assert kinds(look(VIDEO, name)) == {VIDEO: "video"}


def test_artwork_of_another_video_does_not_count_for_this_one() -> None:
    found = look("a.mkv", "b.mkv", "b-poster.jpg", big="a.mkv")
    assert found.artwork == ()


def test_artwork_is_told_once_per_type_in_one_order() -> None:
    found = look("fanart2.jpg", "logo.png", "fanart1.jpg", VIDEO, "poster.jpg", "movie.nfo", "x.srt")
    assert found.artwork == (AssetType.POSTER, AssetType.FANART, AssetType.CLEARLOGO)


@pytest.mark.parametrize("name", ["BDMV/index.bdmv", "VIDEO_TS/VIDEO_TS.IFO"])
def test_the_copy_of_a_disc_is_a_main_video(name: str) -> None:
    found = look(name, "poster.jpg")
    assert found.video is not None
    assert found.video.name == name
    assert found.artwork == (AssetType.POSTER,)


def test_a_plain_video_goes_before_the_copy_of_a_disc() -> None:
    found = look("BDMV/index.bdmv", VIDEO)
    assert found.video is not None
    assert found.video.name == VIDEO


def test_a_named_video_in_a_folder_below_has_artwork_by_its_own_name() -> None:
    found = look("CD1/film.mkv", "film-poster.jpg", expected="CD1/film.mkv")
    assert kinds(found) == {"CD1/film.mkv": "video", "film-poster.jpg": "poster"}


def test_names_that_are_no_utf_8_are_taken_as_they_are() -> None:
    found = look("Am\udce9lie.mkv", "Am\udce9lie-poster.jpg")
    assert kinds(found) == {"Am\udce9lie.mkv": "video", "Am\udce9lie-poster.jpg": "poster"}


def test_an_empty_folder_holds_nothing() -> None:
    assert look() == Discovery(video=None)
