#include "daemon/child/connection_slab.h"

namespace mpmd::child {

Connection* ConnectionSlab::take() {
    Connection* connection = nullptr;
    if (!free_.empty()) {
        connection = free_.back();
        free_.pop_back();
    } else if (made_ < rows_) {
        if (made_ % kBlock == 0) blocks_.push_back(std::make_unique<Block>());
        connection = &(*blocks_.back())[made_ % kBlock];
        connection->row = made_++;
        connection->timer.connection = connection;
    } else {
        return nullptr;
    }
    ++open_;
    return connection;
}

void ConnectionSlab::give_back(Connection& connection) {
    connection.number = 0;
    free_.push_back(&connection);
    --open_;
}

}  // namespace mpmd::child
