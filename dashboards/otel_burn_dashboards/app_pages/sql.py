"""What else does somebody want to know? Any SELECT, with the schema beside it."""

from collections.abc import Callable

import streamlit as st

from otel_burn.errors import BurnError
from otel_burn.wording import plural
from otel_burn_collector.stopping import StoppedError
from otel_burn_dashboards import answer_chart, asking_sql, background, downloads, parts, source
from otel_burn_dashboards.figures import plain

NO_ROWS = "The answer has no rows, so there is nothing to draw."


def fill() -> None:
    """Put the chosen ready question into the editor."""
    chosen = str(st.session_state.get("ready"))
    if chosen in asking_sql.ready():
        st.session_state["sql"] = asking_sql.ready()[chosen]
        st.session_state["ready"] = None


def editor() -> str:
    """The SELECT, as the reader wrote it."""
    questions = asking_sql.ready()
    st.selectbox(
        "Ready questions",
        list(questions),
        index=None,
        key="ready",
        placeholder="Ready questions …",
        on_change=fill,
        label_visibility="collapsed",
    )
    with st.form("query", border=False):
        sql = st.text_area(
            "SQL", questions[asking_sql.FIRST], key="sql", bind="query-params", height=250,
            label_visibility="collapsed", placeholder="SELECT …",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            # Told by its callback: a click on Cancel while the page is still run for this one ends that run, and
            # Streamlit says in the next one once more that this button was pressed. The query would begin anew.
            st.form_submit_button(
                "Run",
                type="primary",
                icon=":material/play_arrow:",
                shortcut="Ctrl+Enter",
                on_click=source.renew,
            )
            st.caption(limits(source.ask(asking_sql.seconds)), width="stretch")
    return str(sql or "").strip()


def limits(seconds: float) -> str:
    """What a query may be and take."""
    return (
        f"One SELECT, read-only, {seconds:g} s at most; the first {asking_sql.ROWS_SHOWN:,} rows come here. "
        "Parameters such as `$since` are NULL. The address carries the query."
    )


def schema() -> None:
    """The columns of one view and what they mean: those of all take the browser a second whenever the page is run."""
    views = {
        name: (about, columns) for name, about, columns in asking_sql.by_view(source.ask(asking_sql.schema))
    }
    names = sorted(views, key=lambda name: name != asking_sql.VIEW)
    about, columns = views[parts.pick("View", names, key="view", width="stretch")]
    st.caption(plain(about))
    with st.container(height=350):
        st.markdown(asking_sql.listed(columns))


def asked(sql: str) -> None:
    """The answer, once it is there; until then, how long that has been taking and a way to stop it."""
    running = source.running(sql, asking_sql.select, sql=sql)
    if not running.done(within=background.AT_ONCE):
        waiting(running.stop)
        st.stop()
    try:
        answered(running.answer())
    except StoppedError:
        st.info("You cancelled the query. Run asks it again.", icon=":material/cancel:")
    except BurnError as error:
        source.refuse(error)


def waiting(stop: Callable[[], None]) -> None:
    """What is being asked, and a way to stop it. The button stands still beside what is drawn again and again: one that
    is drawn anew between press and release loses the click."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        progress()
        st.button(
            "Cancel", key="cancel", icon=":material/cancel:", on_click=stop, help="Stops it where it runs"
        )


@st.fragment(run_every=0.5)
def progress() -> None:
    """How long the question has been taking, until it is answered."""
    running = st.session_state.get(source.RUNNING)
    if running is None or running.done():
        st.rerun()
    if running.stopped:
        running.stop()  # DuckDB forgets an interruption that comes before it executes
    doing = "Stopping" if running.stopped else "Asking"
    st.markdown(f"{doing} … {running.seconds:.0f} s", width="stretch")


def answered(answer: asking_sql.Answer) -> None:
    """The rows, as a table, a chart and files."""
    rows = answer.rows
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        limit = " · the first of more: add a LIMIT, or ask with `otel-burn sql`" if answer.more else ""
        st.markdown(f"**{plural(rows.height, 'row')}**{limit}", width="stretch")
        shown = parts.choice("Show", ("table", "chart"), key="as")
        st.download_button(
            "CSV",
            lambda: downloads.csv(rows),
            "otel-burn.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Parquet", lambda: downloads.parquet(rows), "otel-burn.parquet", "application/vnd.apache.parquet",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    if shown == "chart":
        drawn = answer_chart.answer(rows)
        if drawn is not None:
            st.altair_chart(drawn, alt=answer_chart.aloud(rows))
            return
        why = "A chart needs a column of numbers beside the one that names them." if rows.height else NO_ROWS
        st.info(why, icon=":material/bar_chart_off:")
    integers = [name for name, kind in rows.schema.items() if kind.is_integer()]
    st.dataframe(
        rows, height="content" if rows.height < 20 else 600, placeholder="NULL", key="answer", alt="The answer",
        column_config={name: st.column_config.NumberColumn(format="localized") for name in integers},
    )  # fmt: skip


left, right = st.columns([3, 2], gap="large")
with left:
    sql = editor()
with right:
    schema()
if not sql:
    st.info("Write a SELECT, or choose a ready one above.", icon=":material/edit:")
    st.stop()
asked(sql)
