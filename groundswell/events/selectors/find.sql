-- Listed events that fit what somebody asks for; `near`, `all` or `online` fills in the braces. With `near` the GiST
-- index event_nearest gives both the box around the point and the order, so only as many rows are read as are wanted.
SELECT {columns}
FROM events_event
WHERE state = 'published' AND visibility = 'public'
  AND ends_at > %(since)s
  AND (%(until)s::timestamptz IS NULL OR starts_at < %(until)s)
  AND (%(types)s::text[] = '{{}}' OR type = ANY (%(types)s))
  AND (
    NOT %(by_shift)s
    OR EXISTS (
      SELECT FROM events_shift shift
      WHERE shift.event_id = events_event.id
        AND shift.ends_at > %(since)s
        AND (%(until)s::timestamptz IS NULL OR shift.starts_at < %(until)s)
        AND (NOT %(has_room)s OR shift.capacity IS NULL OR events_room(shift) > 0)
    )
  )
  AND {where}
{order}
