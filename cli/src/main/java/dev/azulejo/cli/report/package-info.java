/** What the commands show: tables, progress, charts, JSON. */
package dev.azulejo.cli.report;
