/** Tables, JSON, CSV and charts, and the environment that every report names. */
package dev.azulejo.compare.report;
