package dev.azulejo.compare.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.conv.ConvCase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProblemListTest {
  private static final String HEADER = "name,n,c,h,w,k,r,s,stride,pad,groups,why";

  @TempDir private Path folder;

  @Test
  void theListsOfTheRepositoryAreRead() throws Exception {
    assertEquals(24, ConvCase.read("conv-standard").size());
    List<ConvCase> cpu = ConvCase.read("conv-cpu");
    assertEquals("lenet5_1", cpu.getFirst().name());
    assertTrue(cpu.stream().allMatch(problem -> problem.flops() < 1e9), "a minute on a CPU");
  }

  @Test
  void aFileIsReadAndBlankLinesAreSkipped() throws Exception {
    Path file = folder.resolve("own.csv");
    Files.writeString(file, HEADER + "\n\na,2,3,8,9,4,3,2,2,1,1,\n\n");
    ConvCase problem = ConvCase.read(file.toString()).getFirst();
    assertEquals("a", problem.name());
    assertEquals(2, problem.batch());
    assertEquals(9, problem.shape().width());
    assertEquals(2, problem.shape().kernelWidth());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "name,n,c;:1:1: the first line is \"name,n,c\", expected is \"name,n,c,h",
        "HEADER;:2:1: no problem follows",
        "HEADER|a,2,3;:2:6: 3 fields, expected are 12: name,n,c,h",
        "HEADER|a,2,3,x,9,4,3,2,2,1,1,;:2:7: h is \"x\", expected is a whole number, at least 1",
        "HEADER|a,0,3,8,9,4,3,2,2,1,1,;:2:3: n is \"0\", expected is a whole number, at least 1",
        "HEADER|a,2,3,8,9,4,3,2,2,-1,1,;:2:19: pad is \"-1\", expected is a whole number, at least 0",
        "HEADER|a,2,3,8,9,4,3,2,2,1,2,;:2: groups must divide channels and filters",
        "HEADER|a,2,3,8,9,4,30,2,2,1,1,;:2: ",
      })
  void aWrongLineIsNamed(String text, String message) throws Exception {
    Path file = folder.resolve("wrong.csv");
    Files.writeString(file, text.replace("HEADER", HEADER).replace("|", "\n") + "\n");
    var e = assertThrows(IllegalArgumentException.class, () -> ConvCase.read(file.toString()));
    assertTrue(e.getMessage().startsWith(file + message), e.getMessage());
  }

  @Test
  void whatIsNeitherFileNorListIsRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> ConvCase.read("nope"));
    assertTrue(e.getMessage().contains("neither a file \"nope\" nor a list"), e.getMessage());
    assertTrue(e.getMessage().contains(HEADER), e.getMessage());
  }
}
