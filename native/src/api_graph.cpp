// azulejo.h: events and graphs.
#include "api.hpp"
#include "validate.hpp"

namespace azj {

namespace {

azj_event& event_of(const char* name, azj_event* event) {
  if (event == nullptr) fail(AZJ_INVALID_ARGUMENT, "%s is NULL; open an event with azj_event_open()", name);
  return *event;
}

azj_graph& graph_of(azj_graph* graph) {
  if (graph == nullptr) fail(AZJ_INVALID_ARGUMENT, "graph is NULL; azj_graph_end() gives one");
  return *graph;
}

void check_same_device(const azj_device& one, const azj_device& other, const char* what) {
  if (&one != &other) fail(AZJ_INVALID_ARGUMENT, "%s belong to different devices", what);
}

}  // namespace
}  // namespace azj

using namespace azj;

azj_status azj_event_open(azj_device* device, azj_event** event) {
  return guard(__func__, [&] {
    check_pointer("event", event);
    *event = nullptr;
    auto opened = device_of(device).open_event();
    device->open_events.fetch_add(1);
    *event = opened.release();
  });
}

azj_status azj_event_close(azj_event* event) {
  return guard(__func__, [&] {
    if (event == nullptr) return;
    azj_device& device = event->device;
    delete event;
    device.open_events.fetch_sub(1);
  });
}

azj_status azj_event_record(azj_stream* stream, azj_event* event) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_same_device(stream->device, event_of("event", event).device, "stream and event");
    event->record(*stream);
  });
}

azj_status azj_event_synchronize(azj_event* event) {
  return guard(__func__, [&] { event_of("event", event).synchronize(); });
}

azj_status azj_event_wait(azj_stream* stream, azj_event* event) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_same_device(stream->device, event_of("event", event).device, "stream and event");
    event->wait(*stream);
  });
}

azj_status azj_event_elapsed(azj_event* start, azj_event* end, double* milliseconds) {
  return guard(__func__, [&] {
    check_same_device(event_of("start", start).device, event_of("end", end).device, "start and end");
    check_pointer("milliseconds", milliseconds);
    *milliseconds = end->milliseconds_since(*start);
  });
}

azj_status azj_graph_begin(azj_stream* stream) {
  return guard(__func__, [&] { stream_of(stream).graph_begin(); });
}

azj_status azj_graph_end(azj_stream* stream, azj_graph** graph) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("graph", graph);
    *graph = nullptr;
    auto recorded = stream->graph_end();
    stream->open_graphs.fetch_add(1);
    *graph = recorded.release();
  });
}

azj_status azj_graph_launch(azj_graph* graph) {
  return guard(__func__, [&] { graph_of(graph).launch(); });
}

azj_status azj_graph_size(azj_graph* graph, int64_t* operations) {
  return guard(__func__, [&] {
    graph_of(graph);
    check_pointer("operations", operations);
    *operations = graph->operations();
  });
}

azj_status azj_graph_close(azj_graph* graph) {
  return guard(__func__, [&] {
    if (graph == nullptr) return;
    azj_stream& stream = graph->stream;
    delete graph;
    stream.open_graphs.fetch_sub(1);
  });
}
