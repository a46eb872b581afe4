-- What an address begins with: its network, as far as letters tell it. With the index the families that occur are found without reading
-- every address (packages/db/src/payouts/due.ts).
CREATE FUNCTION address_family(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN starts_with(address, 'bcrt') THEN 'bcrt' ELSE left(address, 1) END
$$;
CREATE INDEX "account_address_family_idx" ON "account"(address_family("address"));
