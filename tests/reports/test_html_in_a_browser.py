"""Pages of HTML in Chromium: sorting, samples, curves, claims, themes, phones, refreshing.

They need the extra `browser` and a Chromium: the system's, or `playwright install chromium`.
"""

import shutil
from pathlib import Path

import pytest

from keras_gans.reports import html

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 812}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)), playwright.chromium.executable_path)
        if not Path(found).is_file():
            pytest.skip(
                "there is no Chromium: apt install chromium, or playwright install chromium"
            )
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser):
    """A visitor, whose page may say nothing on the console and load nothing but itself."""
    visitor = browser.new_context(viewport=DESKTOP, color_scheme="light")
    visitor.set_default_timeout(5000)
    said = []
    visitor.on("console", lambda message: said.append(message.text))
    visitor.on("weberror", lambda error: said.append(str(error.error)))
    visitor.on("request", lambda request: said.append(request.url[:80]))
    yield visitor
    visitor.close()
    assert not [text for text in said if not text.startswith(("data:", "file:"))]
    files = {text for text in said if text.startswith("file:")}
    assert len(files) == 1


@pytest.fixture
def page(context, claimed):
    """The page of two rows with three seeds each, and four claims."""
    (path,) = html.write(claimed)
    opened = context.new_page()
    opened.goto(path.as_uri())
    return opened


def column(page, index):
    cells = page.locator(f"#results-table tbody tr > :nth-child({index})")
    return [text.split()[0] for text in cells.all_inner_texts()]


def drawn(page):
    return page.locator("#plot path.curve").count()


# --- tables ------------------------------------------------------------------------------------


def test_heads_sort_by_mouse_and_keyboard(page):
    before = column(page, 9)
    button = page.get_by_role("button", name="end", exact=True)
    button.click()
    head = page.locator("#results-table th", has=button)
    assert head.get_attribute("aria-sort") == "ascending"
    ends = [float(text) for text in column(page, 9)]
    assert ends == sorted(ends) and len(ends) == len(before)
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(page, 9)] == ends[::-1]
    page.get_by_role("button", name="seed", exact=True).first.press("Space")
    assert page.locator("#results-table [aria-sort]").count() == 1


def test_what_has_no_value_is_sorted_last(page):
    button = page.get_by_role("button", name="at", exact=True)
    for _ in range(2):
        button.click()
        cells = page.locator("#results-table tbody tr > :nth-child(11)").all_inner_texts()
        assert [not text for text in cells] == [False] * 6 + [True] * 2  # lines over seeds


# --- samples -----------------------------------------------------------------------------------


def test_the_slider_changes_the_picture(page):
    player = page.locator(".player").first
    slider, shown = player.get_by_role("slider"), player.locator("img:visible")
    assert shown.get_attribute("data-text").startswith("iteration 30,000")
    last = shown.get_attribute("src")
    slider.focus()
    page.keyboard.press("Home")
    assert shown.count() == 1 and shown.get_attribute("src") != last
    assert slider.get_attribute("aria-valuetext").startswith("iteration 500")
    assert player.locator(".when").inner_text().startswith("iteration 500")
    page.keyboard.press("ArrowRight")
    assert player.locator(".when").inner_text().startswith("iteration 1,000")


def test_play_goes_through_the_pictures_and_pauses(page):
    player = page.locator(".player").first
    button = player.get_by_role("button", name="Play row 1, seed 0")
    button.focus()
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "true"
    sync_api.expect(player.get_by_role("slider")).to_have_value("1")
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    still = player.locator(".when").inner_text()
    page.wait_for_timeout(2000)
    assert player.locator(".when").inner_text() == still


def test_nothing_moves_by_itself(page):
    before = page.locator(".when").all_inner_texts()
    page.wait_for_timeout(1000)
    assert page.locator(".when").all_inner_texts() == before


# --- curves ------------------------------------------------------------------------------------


def test_one_seed_of_each_row_is_drawn_until_others_are_chosen(page):
    assert drawn(page) == 2
    page.get_by_role("button", name="all", exact=True).click()
    assert drawn(page) == 6
    page.get_by_role("checkbox", name="row 2, seed 1").uncheck()
    assert drawn(page) == 5
    page.get_by_role("button", name="none", exact=True).click()
    assert drawn(page) == 0 and "no chosen run" in page.locator("#plot").text_content()
    page.get_by_role("checkbox", name="row 2, seed 1").check()
    assert drawn(page) == 1


def test_a_log_scale_moves_the_curve_and_other_values_can_be_chosen(page):
    path = page.locator("#plot path.curve").first
    assert page.locator("#log").is_checked()  # the values differ by a factor of over 10
    logarithmic = path.get_attribute("d")
    page.locator("#log").uncheck()
    linear = path.get_attribute("d")
    assert linear != logarithmic and "NaN" not in linear + logarithmic
    page.locator("#measure").select_option("loss of the generator")
    assert path.get_attribute("d") not in (linear, logarithmic)


def test_curves_zoom_by_dragging_buttons_and_keys(page):
    plot = page.locator("#plot")
    plot.scroll_into_view_if_needed()
    assert plot.get_attribute("data-range") == "all"
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 600, box["y"] + 120, steps=5)
    assert page.locator("#plot .band").count() == 1
    page.mouse.up()
    low, high = map(int, plot.get_attribute("data-range").split(" to "))
    assert 5_000 < low < 8_000 and 12_000 < high < 16_000
    page.get_by_role("button", name="Zoom in").click()
    nearer = [int(n) for n in plot.get_attribute("data-range").split(" to ")]
    assert nearer[1] - nearer[0] == pytest.approx((high - low) / 2, abs=2)
    page.get_by_role("button", name="Move right").click()
    assert int(plot.get_attribute("data-range").split(" to ")[0]) > nearer[0]
    plot.focus()
    page.keyboard.press("0")
    assert plot.get_attribute("data-range") == "all"
    page.keyboard.press("+")
    assert plot.get_attribute("data-range") != "all"
    plot.dblclick()
    assert plot.get_attribute("data-range") == "all"


def test_values_are_read_under_the_pointer_and_aloud_by_keys(page):
    plot = page.locator("#plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    assert page.locator("#at").inner_text().startswith("at iteration 1")
    values = page.locator("#legend output").all_inner_texts()
    assert sum(bool(value) for value in values) == 2
    assert page.locator("#reading").inner_text() == ""
    page.mouse.move(5, 5)
    plot.focus()
    page.keyboard.press("End")
    assert page.locator("#at").inner_text() == "at iteration 30,000"
    page.keyboard.press("ArrowLeft")
    said = page.locator("#reading").inner_text()
    assert said.startswith("iteration 29,500: row 1, seed 0 26.23, row 2, seed 0 ")


def test_a_finger_reads_values_and_zooms(browser, claimed):
    (path,) = html.write(claimed)
    visitor = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    opened = visitor.new_page()
    opened.goto(path.as_uri())
    plot = opened.locator("#plot")
    plot.tap()
    assert opened.locator("#at").inner_text().startswith("at iteration 1")
    opened.get_by_role("button", name="Zoom in").tap()
    assert plot.get_attribute("data-range") != "all"
    visitor.close()


def test_a_link_to_a_run_opens_its_details(page):
    link, details = page.locator("#results-table th a").first, page.locator("details").first
    for _ in range(2):
        link.click()
        assert details.get_attribute("open") == ""
        details.locator("summary").click()
        assert details.get_attribute("open") is None
    page.reload()
    sync_api.expect(details).to_have_attribute("open", "")


# --- claims, theme, layout ---------------------------------------------------------------------


def test_claims_are_filtered_by_verdict(page):
    shown = page.locator(".claim:visible")
    assert shown.count() == 4
    page.get_by_label("not decided 1").check()
    assert shown.count() == 1 and "not decided" in shown.inner_text()
    assert page.locator("#filtered").text_content() == "1 of 4 claims"
    page.keyboard.press("ArrowRight")
    assert "not tested" in shown.inner_text()
    page.get_by_label("all 4").check()
    assert shown.count() == 4


def test_the_theme_is_that_of_the_system_until_another_is_chosen(page):
    def ground():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    page.emulate_media(color_scheme="dark")
    dark = ground()
    assert dark != light
    button = page.get_by_role("button", name="Dark")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert ground() == light
    page.reload()
    assert ground() == light and button.get_attribute("aria-pressed") == "false"


def test_a_phone_scrolls_in_one_direction(page):
    page.set_viewport_size(PHONE)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator("#plot svg").bounding_box()["width"] < PHONE["width"]
    assert page.evaluate("document.querySelector('.box').scrollWidth") > PHONE["width"]


CONTRAST = """
() => {
  const channels = (text) => text.match(/[0-9.]+/g).map(Number);
  const linear = (c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((c) => linear(c / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (element) => {
    const found = channels(getComputedStyle(element).backgroundColor);
    return found[3] === 0 ? ground(element.parentElement) : found;
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const text = light(channels(element.closest("svg") ? style.fill : style.color));
    const behind = light(ground(element));
    const ratio = (Math.max(text, behind) + .05) / (Math.min(text, behind) + .05);
    if (ratio < 4.5) poor.push(`${element.tagName} ${element.textContent.trim()} ${ratio}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_level_aa(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("button", name="end", exact=True).click()
    for summary in page.locator("summary").all():
        summary.click()
    page.mouse.move(5, 5)
    assert page.evaluate(CONTRAST) == []


def test_everything_can_be_reached_by_keyboard_and_the_focus_is_seen(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        radio = page.evaluate("document.activeElement.type === 'radio'")  # its label shows it
        assert outline != "none" or radio or reached & {""}
    wanted = {"theme", "box", "measure", "log", "plot", "play-all", "play", "verdict-all"}
    assert wanted <= reached


def test_the_page_can_be_printed(page):
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        not page.locator("nav").is_visible() and not page.locator(".transport").first.is_visible()
    )
    assert page.locator("#results-table").is_visible()
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_without_scripts_the_page_can_be_read(browser, claimed):
    (path,) = html.write(claimed)
    visitor = browser.new_context(java_script_enabled=False, viewport=DESKTOP)
    opened = visitor.new_page()
    opened.goto(path.as_uri())
    assert opened.locator("#results-table .spark").first.is_visible()
    assert opened.locator(".claim").count() == 4
    assert opened.locator(".player img:visible").count() == 6
    assert not opened.locator("#theme").is_visible() and not opened.locator("#chart").is_visible()
    assert opened.get_by_text("The curves need JavaScript").is_visible()
    visitor.close()


# --- a page that is watched --------------------------------------------------------------------


def test_a_watched_page_shows_what_is_new_and_stays_as_it_was_left(context, claimed):
    (path,) = html.update(claimed, refresh=1)
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_role("button", name="end", exact=True).click()
    page.locator("#measure").select_option("loss of the generator")
    page.get_by_role("checkbox", name="row 2, seed 1").check()
    page.get_by_label("holds 1", exact=True).check()
    page.locator("summary").first.click()
    page.locator("#plot").focus()
    page.keyboard.press("+")
    zoomed = page.locator("#plot").get_attribute("data-range")
    page.wait_for_timeout(1500)  # the page has loaded again, and scrolls no more
    page.evaluate("scrollTo({ top: 400, behavior: 'instant' }); window.old = true")
    log = next(claimed.glob("akel2022/1/seed-0/log.jsonl"))
    log.write_text(log.read_text() + '{"iteration": 30000, "fid5k_lenet": 5.5}\n')
    html.update(claimed, refresh=1)
    sync_api.expect(page.locator(".when").first).to_contain_text("5.5")
    assert page.evaluate("document.readyState === 'complete' && !window.old")
    state = page.evaluate(
        "[scrollY, document.querySelector('#measure').value, document.activeElement.id]"
    )
    assert state == [400, "g_loss", "plot"]
    assert page.locator("#plot").get_attribute("data-range") == zoomed
    assert page.locator("#results-table [aria-sort]").inner_text().startswith("end")
    assert page.get_by_role("checkbox", name="row 2, seed 1").is_checked()
    assert page.locator(".claim:visible").count() == 1
    assert page.locator("details[open]").count() == 1


def test_a_watched_page_keeps_choices_with_their_runs_and_suits_its_first_curve(
    context, claimed, write_whole_run
):
    logs = {path: path.read_text() for path in claimed.glob("akel2022/*/seed-*/log.jsonl")}
    for path in logs:
        path.write_text("")
    (path,) = html.update(claimed, refresh=1)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("summary", has_text="row 2, seed 1").click()
    for log, content in logs.items():
        log.write_text(content)
    write_whole_run("1", seed=7)
    html.update(claimed, refresh=1)
    sync_api.expect(page.locator("#log")).to_be_checked()  # 800 to 26
    assert page.locator("details[open]").count() == 1
    assert "row 2, seed 1" in page.locator("details[open] summary").inner_text()


def test_refreshing_can_be_paused(context, claimed):
    (path,) = html.update(claimed, refresh=1)
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_label("Refresh every 1 s").uncheck()
    page.evaluate("window.old = true")
    page.wait_for_timeout(2500)
    assert page.evaluate("window.old")
