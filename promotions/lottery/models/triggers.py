"""What the database keeps as it was published."""

import pgtrigger

# The columns that are published besides the prizes.
RULES = (
    "name",
    "starts_at",
    "ends_at",
    "takes_chances",
    "points_per_draw",
    "draws_per_day",
    "draws_in_all",
    "prizes_per_day",
)

# A lottery has begun once its start has come while it was published: members hold chances on these terms.
RULES_STAY = pgtrigger.Trigger(
    name="rules_stay",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF TG_OP = 'INSERT' THEN
            NEW.has_begun := FALSE;
            RETURN NEW;
        END IF;
        NEW.has_begun := OLD.has_begun OR (OLD.status NOT IN ('draft', 'awaiting') AND OLD.starts_at <= now());
        IF NEW.has_begun
            AND ({", ".join(f"NEW.{each}" for each in RULES)})
                IS DISTINCT FROM ({", ".join(f"OLD.{each}" for each in RULES)}) THEN
            RAISE EXCEPTION 'the rules of lottery % are published', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)

# May be added to, never changed: the counters move, the stock grows, all else stays.
PRIZES_STAY = pgtrigger.Trigger(
    name="published_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    declare=[("whose", "bigint")],
    func="""
        IF TG_OP = 'UPDATE' THEN
            IF (to_jsonb(NEW) - '{stock,won,day,won_of_day}'::text[])
                    = (to_jsonb(OLD) - '{stock,won,day,won_of_day}'::text[])
                AND (NEW.stock IS NOT DISTINCT FROM OLD.stock OR NEW.stock > OLD.stock) THEN
                RETURN NEW;
            END IF;
        END IF;
        whose := CASE WHEN TG_OP = 'DELETE' THEN OLD.lottery_id ELSE NEW.lottery_id END;
        IF EXISTS (SELECT 1 FROM lottery_lottery WHERE id = whose AND (status <> 'draft' OR has_begun))
            OR EXISTS (SELECT 1 FROM lottery_draw WHERE lottery_id = whose) THEN
            RAISE EXCEPTION 'the odds of lottery % are published', whose USING ERRCODE = 'check_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    """,
)

VERSIONS_STAY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
