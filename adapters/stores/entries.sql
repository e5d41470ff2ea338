-- What both products are asked in the same words about entries.

-- name: identity
SELECT store_id, (SELECT max(generation) FROM generations) FROM store_identity

-- name: generations
SELECT generation, first_entry, first_position, began_at FROM generations ORDER BY generation

-- name: renew_store_id
UPDATE store_identity SET store_id = :store_id

-- name: clear_generations
DELETE FROM generations

-- name: first_generation
INSERT INTO generations VALUES (1, 0, 1, :now)
