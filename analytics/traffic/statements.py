"""The statements that count a day. `%(from)s` and `%(until)s` bound the Shanghai day; events of bots do not count."""

from analytics.events.names import CART, CLICK, EXPOSURE, INTERACTIONS, ORDER, PAGE_VIEW, PAID, REDEEM, SERVER_NAMES
from analytics.traffic.definitions import ENGAGED_MS, LOAD_STEPS

_SERVER = ", ".join(f"'{name}'" for name in SERVER_NAMES)
_DONE = ", ".join(f"'{name}'" for name in INTERACTIONS)

# An order belongs to the session of its member's last event before it; what is paid or refunded, to that of the order.
ATTACH = (
    f"""
UPDATE events_event placed
SET visitor_id = found.visitor_id, session_id = found.session_id, device = found.device
FROM (
    SELECT known.event_id, known.at, coalesce(last.visitor_id, '') AS visitor_id,
        coalesce(last.session_id, '') AS session_id, coalesce(last.device, '') AS device
    FROM events_event known LEFT JOIN LATERAL (
        SELECT visitor_id, session_id, device FROM events_event seen
        WHERE seen.member_id = known.member_id AND seen.at <= known.at AND seen.at > known.at - interval '1 day'
        AND seen.name NOT IN ({_SERVER}) AND NOT seen.is_bot
        ORDER BY seen.at DESC, seen.sequence DESC, seen.event_id DESC LIMIT 1
    ) last ON true
    WHERE known.name = '{ORDER}' AND known.at >= %(from)s AND known.at < %(until)s AND known.member_id IS NOT NULL
) found
WHERE placed.event_id = found.event_id AND placed.at = found.at
AND placed.at >= %(from)s AND placed.at < %(until)s
AND (placed.visitor_id, placed.session_id, placed.device)
    IS DISTINCT FROM (found.visitor_id, found.session_id, found.device)
RETURNING (placed.at AT TIME ZONE 'Asia/Shanghai')::date
""",
    f"""
UPDATE events_event followed SET visitor_id = placed.visitor_id, session_id = placed.session_id, device = placed.device
FROM (
    SELECT DISTINCT order_number, visitor_id, session_id, device FROM events_event
    WHERE name = '{ORDER}' AND at >= %(from)s AND at < %(until)s AND order_number <> '' AND member_id IS NOT NULL
) placed
WHERE followed.order_number = placed.order_number AND followed.order_number <> ''
AND followed.name <> '{ORDER}' AND followed.at >= %(from)s
AND (followed.visitor_id, followed.session_id, followed.device)
    IS DISTINCT FROM (placed.visitor_id, placed.session_id, placed.device)
RETURNING (followed.at AT TIME ZONE 'Asia/Shanghai')::date
""",
)

# The client events of sessions that start on the day: nothing of the same session in the 24 hours before, and 24 hours
# at most. Views are numbered; 0 is what comes before the first.
DAY_EVENTS = f"""
CREATE TEMP TABLE day_events ON COMMIT DROP AS
WITH seen AS (
    SELECT visitor_id, session_id, at, sequence, event_id, name, page, campaign, channel, device, member_id,
        load_ms, dwell_ms, lag(at) OVER ordered AS before
    FROM events_event
    WHERE at >= %(from)s - interval '1 day' AND at < %(until)s + interval '1 day' AND NOT is_bot
    AND name NOT IN ({_SERVER})
    WINDOW ordered AS (PARTITION BY visitor_id, session_id ORDER BY at, sequence, event_id)
), started AS (
    SELECT visitor_id, session_id, at AS started_at FROM seen
    WHERE at >= %(from)s AND at < %(until)s AND (before IS NULL OR before <= at - interval '1 day')
)
SELECT visitor_id, session_id, started_at, at, sequence, event_id, name, page, campaign, channel, device, member_id,
    load_ms, dwell_ms,
    count(*) FILTER (WHERE name = '{PAGE_VIEW}') OVER (
        PARTITION BY visitor_id, session_id ORDER BY at, sequence, event_id ROWS UNBOUNDED PRECEDING
    ) AS view
FROM seen JOIN started USING (visitor_id, session_id)
WHERE at >= started_at AND at < started_at + interval '1 day'
"""
# What is told of a page counts for the view of that page that it follows.
DAY_VIEWS = f"""
CREATE TEMP TABLE day_views ON COMMIT DROP AS
WITH viewed AS (
    SELECT visitor_id, session_id, view, page, campaign FROM day_events WHERE name = '{PAGE_VIEW}'
)
SELECT visitor_id, session_id, view, viewed.page, viewed.campaign,
    min(told.load_ms) AS load_ms, max(told.dwell_ms) AS dwell_ms
FROM viewed JOIN day_events told USING (visitor_id, session_id, view)
WHERE told.page = viewed.page OR told.page = ''
GROUP BY visitor_id, session_id, view, viewed.page, viewed.campaign
"""
FACTS = f"""
WITH sessions AS (
    SELECT visitor_id, session_id, min(started_at) AS started_at, max(at) AS ended_at, max(member_id) AS member_id,
        max(view) AS views, count(*) FILTER (WHERE name IN ({_DONE})) AS interactions,
        count(*) FILTER (WHERE name = '{CART}') AS carts, count(*) FILTER (WHERE name = '{REDEEM}') AS redeemed,
        (array_agg(channel ORDER BY at, sequence, event_id))[1] AS channel,
        (array_agg(device ORDER BY at, sequence, event_id))[1] AS device
    FROM day_events GROUP BY visitor_id, session_id
), pages AS (
    SELECT visitor_id, session_id, sum(dwell_ms) AS dwell_ms,
        (array_agg(page ORDER BY view))[1] AS entry_page, (array_agg(page ORDER BY view DESC))[1] AS exit_page,
        (array_agg(campaign ORDER BY view))[1] AS entry_campaign, (array_agg(load_ms ORDER BY view))[1] AS load_ms
    FROM day_views GROUP BY visitor_id, session_id
), ordered AS (
    SELECT visitor_id, session_id, count(DISTINCT placed.order_number) AS orders,
        count(DISTINCT placed.order_number) FILTER (WHERE EXISTS (
            SELECT FROM events_event paid WHERE paid.order_number = placed.order_number AND paid.order_number <> ''
            AND paid.name = '{PAID}' AND paid.at >= %(from)s OFFSET 0
        )) AS paid_orders
    FROM events_event placed JOIN sessions USING (visitor_id, session_id)
    WHERE placed.name = '{ORDER}' AND placed.at >= %(from)s AND placed.at < %(until)s + interval '1 day'
    AND placed.at >= started_at AND placed.at < started_at + interval '1 day'
    GROUP BY visitor_id, session_id
)
INSERT INTO traffic_sessionfact (day, visitor_id, session_id, member_id, started_at, ended_at, channel, device,
    entry_page, exit_page, entry_campaign, views, interactions, dwell_ms, entry_load_ms, carts, orders, paid_orders,
    is_bounce, is_idle)
SELECT %(day)s, visitor_id, session_id, member_id, started_at, ended_at, channel, device,
    coalesce(entry_page, ''), coalesce(exit_page, ''), coalesce(entry_campaign, ''), views,
    interactions + coalesce(orders, 0), coalesce(dwell_ms, 0), load_ms, carts, coalesce(orders, 0),
    coalesce(paid_orders, 0),
    views = 1 AND interactions = 0 AND orders IS NULL,
    views = 1 AND coalesce(dwell_ms, 0) < {ENGAGED_MS} AND redeemed = 0 AND orders IS NULL
FROM sessions LEFT JOIN pages USING (visitor_id, session_id) LEFT JOIN ordered USING (visitor_id, session_id)
"""
SESSION_DAY = """
INSERT INTO traffic_sessionday (day, channel, device, sessions, entries, bounces, idle, views, dwell_ms, carts, orders,
    paid_orders)
SELECT day, channel, device, count(*), count(*) FILTER (WHERE views > 0), count(*) FILTER (WHERE is_bounce),
    count(*) FILTER (WHERE is_idle), sum(views), sum(dwell_ms), count(*) FILTER (WHERE carts > 0), sum(orders),
    sum(paid_orders)
FROM traffic_sessionfact WHERE day = %(day)s GROUP BY day, channel, device
"""
PAGE_DAY = """
WITH viewed AS (
    SELECT day, channel, device, page, count(*) AS views, count(day_views.dwell_ms) AS timed_views,
        coalesce(sum(day_views.dwell_ms), 0) AS dwell_ms, count(load_ms) AS loaded_views,
        coalesce(sum(load_ms), 0) AS load_ms
    FROM day_views JOIN traffic_sessionfact fact USING (visitor_id, session_id) WHERE day = %(day)s
    GROUP BY day, channel, device, page
), entered AS (
    SELECT channel, device, entry_page AS page, count(*) AS entries, count(*) FILTER (WHERE is_bounce) AS bounces,
        count(*) FILTER (WHERE is_idle) AS idle
    FROM traffic_sessionfact WHERE day = %(day)s AND views > 0 GROUP BY channel, device, entry_page
), left_by AS (
    SELECT channel, device, exit_page AS page, count(*) AS exits
    FROM traffic_sessionfact WHERE day = %(day)s AND views > 0 GROUP BY channel, device, exit_page
)
INSERT INTO traffic_pageday (day, channel, device, page, views, entries, bounces, idle, exits, timed_views, dwell_ms,
    loaded_views, load_ms)
SELECT day, channel, device, page, views, coalesce(entries, 0), coalesce(bounces, 0), coalesce(idle, 0),
    coalesce(exits, 0), timed_views, dwell_ms, loaded_views, load_ms
FROM viewed LEFT JOIN entered USING (channel, device, page) LEFT JOIN left_by USING (channel, device, page)
"""
CAMPAIGN_DAY = f"""
WITH shown AS (
    SELECT fact.channel, fact.device, campaign, count(*) FILTER (WHERE name = '{EXPOSURE}') AS exposures,
        count(*) FILTER (WHERE name = '{CLICK}') AS clicks
    FROM day_events JOIN traffic_sessionfact fact USING (visitor_id, session_id)
    WHERE day = %(day)s AND campaign <> '' GROUP BY fact.channel, fact.device, campaign
), entered AS (
    SELECT channel, device, entry_campaign AS campaign, count(*) AS entries,
        count(*) FILTER (WHERE is_bounce) AS bounces
    FROM traffic_sessionfact WHERE day = %(day)s AND entry_campaign <> '' GROUP BY channel, device, entry_campaign
)
INSERT INTO traffic_campaignday (day, channel, device, campaign, exposures, clicks, entries, bounces)
SELECT %(day)s, channel, device, campaign, exposures, clicks, coalesce(entries, 0), coalesce(bounces, 0)
FROM shown LEFT JOIN entered USING (channel, device, campaign)
"""
LOAD_DAY = f"""
INSERT INTO traffic_loadday (day, channel, device, step, entries, bounces)
SELECT day, channel, device, CASE WHEN entry_load_ms IS NULL THEN -1
    ELSE width_bucket(entry_load_ms, ARRAY{list(LOAD_STEPS)}) END AS step, count(*), count(*) FILTER (WHERE is_bounce)
FROM traffic_sessionfact WHERE day = %(day)s AND views > 0 GROUP BY day, channel, device, step
"""
HEAT = """
INSERT INTO traffic_heathour (name, day, product_id, hour, events)
SELECT name, %(day)s, product_id, extract(hour FROM at AT TIME ZONE 'Asia/Shanghai'), count(*)
FROM events_event WHERE at >= %(from)s AND at < %(until)s AND product_id IS NOT NULL AND NOT is_bot
GROUP BY 1, 2, 3, 4
"""
TABLES = ("sessionfact", "sessionday", "pageday", "campaignday", "loadday")
