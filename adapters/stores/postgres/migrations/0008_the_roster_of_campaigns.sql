-- when: before
-- older programs: are refused
-- All campaigns of a workspace, so that whoever is suppressed ends in every one of them. A program
-- that creates campaigns without this entry must write no more.
INSERT INTO roster
SELECT split_part(originator_id, ':campaign:', 1), 'campaigns',
    substr(originator_id, strpos(originator_id, ':campaign:') + 10)
FROM stored_events WHERE split_part(topic, '/', 1) = 'CampaignCreated' ON CONFLICT DO NOTHING;
