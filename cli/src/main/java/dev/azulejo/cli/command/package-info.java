/** The subcommands, one a file. */
package dev.azulejo.cli.command;
