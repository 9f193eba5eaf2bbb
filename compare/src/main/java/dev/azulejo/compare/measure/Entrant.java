package dev.azulejo.compare.measure;

import dev.azulejo.engine.Precision;
import java.util.function.Supplier;

/**
 * Somebody who will try a problem.
 *
 * @param name in the report
 * @param precision what the factors of its products are rounded to
 * @param maker makes it ready for the problem; throws where it does not do such problems
 */
public record Entrant(String name, Precision precision, Supplier<Contestant> maker) {}
