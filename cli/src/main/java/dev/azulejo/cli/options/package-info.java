/** Options that several commands share, each group with what it makes of them. */
package dev.azulejo.cli.options;
