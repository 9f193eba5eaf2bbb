/**
 * The command {@code azulejo}. {@link dev.azulejo.cli.Main} runs it, {@link
 * dev.azulejo.cli.CommandLines} puts it together.
 *
 * <ul>
 *   <li>{@code dev.azulejo.cli.command}: one subcommand a file.
 *   <li>{@code dev.azulejo.cli.options}: options that several commands share, each group with what
 *       it makes of them.
 *   <li>{@code dev.azulejo.cli.report}: tables, charts, progress, JSON.
 * </ul>
 *
 * <p>Exit codes: 0; 1 for a failure, with one readable line on the error stream; 2 for wrong usage;
 * 130 after Ctrl-C and 143 after SIGTERM, which {@code train} answers by saving a checkpoint.
 */
package dev.azulejo.cli;
