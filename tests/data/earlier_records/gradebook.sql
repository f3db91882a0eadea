BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
INSERT INTO "alembic_version" VALUES('e43177bfe90b');
CREATE TABLE assignment (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	duedate DATETIME, 
	course_id VARCHAR(128) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	FOREIGN KEY(course_id) REFERENCES course (id)
);
INSERT INTO "assignment" VALUES('0f3df074559b48be9640fc15d750dbaf','01-rnn-forward',NULL,'recurrent-networks');
CREATE TABLE autograder_history (
	id INTEGER NOT NULL, 
	changed_at DATETIME NOT NULL, 
	student VARCHAR(128) NOT NULL, 
	assignment VARCHAR(128) NOT NULL, 
	notebook VARCHAR(128) NOT NULL, 
	grade_id VARCHAR(128) NOT NULL, 
	old FLOAT NOT NULL, 
	new FLOAT, 
	why TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE autograder_master (
	assignment_id VARCHAR(32) NOT NULL, 
	exam VARCHAR(128) NOT NULL, 
	PRIMARY KEY (assignment_id)
);
INSERT INTO "autograder_master" VALUES('0f3df074559b48be9640fc15d750dbaf','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b');
CREATE TABLE autograder_record (
	submission_id VARCHAR(32) NOT NULL, 
	token VARCHAR(32) NOT NULL, 
	submission VARCHAR(128) NOT NULL, 
	exam VARCHAR(128) NOT NULL, 
	autograder VARCHAR(128) NOT NULL, 
	walls VARCHAR(32) NOT NULL, 
	examined_at DATETIME NOT NULL, 
	remarks TEXT NOT NULL, 
	PRIMARY KEY (submission_id)
);
INSERT INTO "autograder_record" VALUES('5796905612254846aff9d86add743f8d','7512ead0fece49e895deec1ec75054d9','7501933826025d144f93e2908398b09ffb491275339e96e8a7b9cdc7617a99da','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:07.967646','[]');
INSERT INTO "autograder_record" VALUES('6f56240c999e4d77a06b37c0968770ab','7624211a5f1d4e6cbd5fb36efa2d5558','eaf0ffcac5317effb3bc0783d412cdb0b1622d03b6b6bee77fdc8f7942ca15ef','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:09.195932','[]');
INSERT INTO "autograder_record" VALUES('e8f5f7ee4f7842daaebd4949861bbd2a','148c2736d9b54672ba27d7c3c66b2fa1','b340c47ffa9ebaa626959d21095d28be277eb726957ef0c1dbad4999d3a9d6cb','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:09.308271','[["broken-notebook", "01-rnn-forward.ipynb is not a notebook, or is truncated; it gets no marks.", null]]');
INSERT INTO "autograder_record" VALUES('905164566006408d879332f3f4edb55c','40f1b9a326a247fd9deb2dd5c44131ff','be3ce8c97c8c4d14e0e3fb6b878f03319fe875e541070aa829b819ac83e24584','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:09.651485','[]');
INSERT INTO "autograder_record" VALUES('1d6fefe314da449ab309f541aaecc86b','6160bbb15122451abfbd81062d16ab1b','0e0fa5a5f731a654328f8c74a4a5f8422e23793affec875abc5f181b59ffda73','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:10.565352','[["missing-cell", "The submission has no cell rnn_cell_forward-grade: it was deleted, or released later than this copy.", "rnn_cell_forward-grade"]]');
INSERT INTO "autograder_record" VALUES('5d7ea6ee60ad47cd86b8e3e24be8e60f','f13e162260524767a2aea33f2c102cd2','b68df30569cc1e2f5437583a65c621f482a44a58284e34d6ab06d8ad68883cca','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:11.444727','[]');
INSERT INTO "autograder_record" VALUES('73e1b2e829c54f158f2cd85fe5b90562','b62f84f1437c460c8619ce74dbd30b2e','40ba5d5c265285d1ffc94dcd21b9817ab59c34941a42b94807c941a1ab747615','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:11.941800','[["died", "The code ended its Python process (exit code 1).", "rnn_cell_forward-grade"], ["died", "The code ended its Python process (exit code 1).", "rnn_forward-grade"], ["died", "The code ended its Python process (exit code 1).", null], ["died", "The code ended its Python process (exit code 1).", null]]');
INSERT INTO "autograder_record" VALUES('16cb88d63bb34aafaa6d8e95c24fde23','871709c4986243b6a3f6541737506001','26a8fb84881d814603dd7f727a52401c84afc09ed460a6335de04d45443d895d','a27859d4d44b4095a4fe63240b66dc9a946bc1a5cb0d584db853c5190c8e8b6b','970320fc5cde4d78ef533c902cedd7496fe57fc2071a7dbcd941ffd10e05fb13','bubblewrap','2026-11-27 04:52:12.700241','[]');
CREATE TABLE base_cell (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	notebook_id VARCHAR(32) NOT NULL, 
	type VARCHAR(50), 
	PRIMARY KEY (id), 
	UNIQUE (name, notebook_id, type), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "base_cell" VALUES('e04ea6eda19a414789a9940282238b69','rnn_cell_forward-answer','1a02ba086cb0466d9868773fd0929658','SolutionCell');
INSERT INTO "base_cell" VALUES('5cdbff12a86544b88e6c69b6f88cf44d','rnn_cell_forward-grade','1a02ba086cb0466d9868773fd0929658','GradeCell');
INSERT INTO "base_cell" VALUES('16cb4b228267457f8e9fbf94163b6892','rnn_forward-answer','1a02ba086cb0466d9868773fd0929658','SolutionCell');
INSERT INTO "base_cell" VALUES('511c93c0776349a2bcb64e20f5869bc8','rnn_forward-grade','1a02ba086cb0466d9868773fd0929658','GradeCell');
CREATE TABLE comment (
	id VARCHAR(32) NOT NULL, 
	notebook_id VARCHAR(32), 
	cell_id VARCHAR(32), 
	auto_comment TEXT, 
	manual_comment TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (cell_id, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES submitted_notebook (id), 
	FOREIGN KEY(cell_id) REFERENCES base_cell (id)
);
INSERT INTO "comment" VALUES('5bd954ea34804604bbe3022babaad660','9003ab83c46047779bddb73cd32aa796','e04ea6eda19a414789a9940282238b69','No response.',NULL);
INSERT INTO "comment" VALUES('1273a28c1ff24eb7a96530ff84f1637f','9003ab83c46047779bddb73cd32aa796','16cb4b228267457f8e9fbf94163b6892','No response.',NULL);
INSERT INTO "comment" VALUES('cfc436b4d5d541ecb4bd23aecb19ab4b','129f556af7f34f05a55dbb5feab23e1e','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('467ae747c77446bb9a5e509a3d0b91ea','129f556af7f34f05a55dbb5feab23e1e','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('548d916d71e24ef980ad8c6b7436b2a5','ee97f13b7b99405ab3d11d1b1f235939','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('06cd4eaae5fa478f9a50297de7c7ac0a','ee97f13b7b99405ab3d11d1b1f235939','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('22e6b293aef5432788757935d43e7be3','5932f3e8421046b29644543b91601d0f','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('829bdce63e2b4398a6b646d4875d644b','5932f3e8421046b29644543b91601d0f','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('a87c6e2dba5240eab3aee162428dc936','4fb70c3c6dda413489fe5817565922a2','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('5c241dcecdf04c18b0d60ce4d8107654','4fb70c3c6dda413489fe5817565922a2','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('15d2e69f62b249a586307bdcbd4badc9','1c3486e5766d434899358dbffaa86c95','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('8f7d3b6d4de84802ac2cb01d9a25bd13','1c3486e5766d434899358dbffaa86c95','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('b8e1b37b331b41499f54392b5d084ec7','1ed7dcd4cccc494c9b1b0a476043ce7d','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('2a4652062cad4a1f9d6e1088cb4d8797','1ed7dcd4cccc494c9b1b0a476043ce7d','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
INSERT INTO "comment" VALUES('0e8904db4a5a40898e79807de23e96c7','416e8970ba3846389c432f37f34aa0ea','e04ea6eda19a414789a9940282238b69',NULL,NULL);
INSERT INTO "comment" VALUES('2df1b775a06b4c3e86b0b8f7dcdc1188','416e8970ba3846389c432f37f34aa0ea','16cb4b228267457f8e9fbf94163b6892',NULL,NULL);
CREATE TABLE course (
	id VARCHAR(128) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (id)
);
INSERT INTO "course" VALUES('recurrent-networks');
CREATE TABLE grade (
	id VARCHAR(32) NOT NULL, 
	notebook_id VARCHAR(32), 
	cell_id VARCHAR(32), 
	auto_score FLOAT, 
	manual_score FLOAT, 
	extra_credit FLOAT, 
	needs_manual_grade BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (cell_id, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES submitted_notebook (id), 
	FOREIGN KEY(cell_id) REFERENCES base_cell (id)
);
INSERT INTO "grade" VALUES('31fc5853df7946ee9af153fe54ef3484','9003ab83c46047779bddb73cd32aa796','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('1a382ca71bdc492594507e5d6734760b','9003ab83c46047779bddb73cd32aa796','511c93c0776349a2bcb64e20f5869bc8',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('6c42acc966cf419a8312339759d018fa','129f556af7f34f05a55dbb5feab23e1e','5cdbff12a86544b88e6c69b6f88cf44d',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('8efaf3282ea14f13b8f472dbf2659bb4','129f556af7f34f05a55dbb5feab23e1e','511c93c0776349a2bcb64e20f5869bc8',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('4766cff30f6644d4a5fa25b0f14bdcc9','ee97f13b7b99405ab3d11d1b1f235939','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('49e3e3215040468ebb662fa02f804651','ee97f13b7b99405ab3d11d1b1f235939','511c93c0776349a2bcb64e20f5869bc8',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('bb7de28dac0945ecbeb411fc851f1f8e','5932f3e8421046b29644543b91601d0f','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('fde2cf7fdcc448d3a7d694df923c4ad1','5932f3e8421046b29644543b91601d0f','511c93c0776349a2bcb64e20f5869bc8',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('5dd2b1054d93475e8ca108fe58cdd6b9','4fb70c3c6dda413489fe5817565922a2','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('adfe2b4ddaf149f4bd07fffe5e9643d5','4fb70c3c6dda413489fe5817565922a2','511c93c0776349a2bcb64e20f5869bc8',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('c8da4c7909e244bead4132b92d975832','1c3486e5766d434899358dbffaa86c95','5cdbff12a86544b88e6c69b6f88cf44d',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('49058a1bb3844f15854dc1a1879a90e9','1c3486e5766d434899358dbffaa86c95','511c93c0776349a2bcb64e20f5869bc8',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('b1349705060e43a3929f16c53171fec2','1ed7dcd4cccc494c9b1b0a476043ce7d','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('c4445a0e8f3745789b870e16c012298e','1ed7dcd4cccc494c9b1b0a476043ce7d','511c93c0776349a2bcb64e20f5869bc8',10.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('2a6b92e17f734639b9cbc368785207ad','416e8970ba3846389c432f37f34aa0ea','5cdbff12a86544b88e6c69b6f88cf44d',0.0,NULL,NULL,0);
INSERT INTO "grade" VALUES('9a1791ec2e4148cbb15d271e81c6406f','416e8970ba3846389c432f37f34aa0ea','511c93c0776349a2bcb64e20f5869bc8',0.0,NULL,NULL,0);
CREATE TABLE grade_cells (
	id VARCHAR(32) NOT NULL, 
	max_score FLOAT NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
INSERT INTO "grade_cells" VALUES('5cdbff12a86544b88e6c69b6f88cf44d',10.0,'code');
INSERT INTO "grade_cells" VALUES('511c93c0776349a2bcb64e20f5869bc8',10.0,'code');
CREATE TABLE notebook (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	assignment_id VARCHAR(32), 
	kernelspec VARCHAR(1024), 
	PRIMARY KEY (id), 
	UNIQUE (name, assignment_id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id)
);
INSERT INTO "notebook" VALUES('1a02ba086cb0466d9868773fd0929658','01-rnn-forward','0f3df074559b48be9640fc15d750dbaf','{"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}');
CREATE TABLE solution_cells (
	id VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
INSERT INTO "solution_cells" VALUES('e04ea6eda19a414789a9940282238b69');
INSERT INTO "solution_cells" VALUES('16cb4b228267457f8e9fbf94163b6892');
CREATE TABLE source_cell (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	locked BOOLEAN NOT NULL, 
	source TEXT, 
	checksum VARCHAR(128), 
	notebook_id VARCHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE (name, notebook_id), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "source_cell" VALUES('805e693ff86143d5891fa081dac4ee1d','01-setup','code',1,'%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from rnn_utils import check, show_figure, softmax','97096d78bb7802dc6595922ef5a7ad94','1a02ba086cb0466d9868773fd0929658');
INSERT INTO "source_cell" VALUES('d4045b2684e14734bea6d317451fbe58','rnn_cell_forward-answer','code',0,'def rnn_cell_forward(xt, a_prev, parameters):
    """One step of a recurrent network.

    xt         : input at this time step, shape (n_x, m)
    a_prev     : hidden state before this step, shape (n_a, m)
    parameters : dictionary with
                 Wax (n_a, n_x), Waa (n_a, n_a), ba (n_a, 1), Wya (n_y, n_a), by (n_y, 1)

    Returns a_next, yt_pred, cache:
    a_next     : hidden state after this step, shape (n_a, m)
    yt_pred    : prediction at this step, shape (n_y, m), every column sums to 1
    cache      : tuple (a_next, a_prev, xt, parameters)

    Every size is at least 1. xt may hold integers or numbers of any real type, all other arrays are float64.
    An array may be read-only or a part of a larger one, in any order in memory; none is changed. Results
    are float64 (float32 is too coarse); which type the numbers in the cache have does not matter.
    """
    # Take the parameters, compute a_next, then yt_pred from a_next, and return them with the cache.
    raise NotImplementedError("write the body of this function here, following the steps above, and delete this line")','edb0006b34d53eab02aec827d01c555b','1a02ba086cb0466d9868773fd0929658');
INSERT INTO "source_cell" VALUES('1fa7bfff285845ca88b9107ee998bbe9','rnn_cell_forward-grade','code',1,'check(rnn_cell_forward, "rnn_cell_forward")
### BEGIN HIDDEN TESTS


def hidden_test():
    import copy
    import math

    def draw(generator, shapes):
        return {name: generator.standard_normal(shape) for name, shape in shapes.items()}

    def by_hand(xt, a_prev, p):
        """Equations (1) and (2), one number at a time, with Python''s own arithmetic."""
        n_a, m = a_prev.shape
        n_x, n_y = xt.shape[0], p["by"].shape[0]
        a_next, yt_pred = np.empty((n_a, m)), np.empty((n_y, m))
        for i in range(m):
            for k in range(n_a):
                total = float(p["ba"][k, 0])
                total += sum(float(p["Waa"][k, j]) * float(a_prev[j, i]) for j in range(n_a))
                total += sum(float(p["Wax"][k, j]) * float(xt[j, i]) for j in range(n_x))
                a_next[k, i] = math.tanh(total)
            scores = [
                float(p["by"][k, 0]) + sum(float(p["Wya"][k, j]) * a_next[j, i] for j in range(n_a))
                for k in range(n_y)
            ]
            exponentials = [math.exp(score - max(scores)) for score in scores]
            yt_pred[:, i] = [e / sum(exponentials) for e in exponentials]
        return a_next, yt_pred

    def is_close(obtained, expected):
        """As close as check demands: up to 1e-8 + 1e-6 of the number. Rounding stays far below: each of
        the scores (at most 7 products of up to 900 * 4) is wrong by less than 7 * 3600 * 2e-16 = 5e-12."""
        numbers = type(obtained) is np.ndarray and obtained.dtype.kind in "bifc"
        return numbers and obtained.shape == expected.shape and np.allclose(obtained, expected, 1e-6, 1e-8)

    def are_close(obtained, expected):
        """The same of the parameters in a cache; more entries do no harm."""
        kept = isinstance(obtained, dict) and set(obtained) >= set(expected)
        return kept and all(is_close(obtained[name], expected[name]) for name in expected)

    def parts(value):
        """What nested containers hold, one after the other; keys as well."""
        if isinstance(value, dict):
            value = [part for key in sorted(value, key=str) for part in (key, value[key])]
        if isinstance(value, (tuple, list)):
            return [part for item in value for part in parts(item)]
        return [value]

    def content(parts):
        return [(part.shape, part.tobytes()) if isinstance(part, np.ndarray) else part for part in parts]

    def call(*arguments):
        """What comes back for copies of the arguments (nothing here is computed from what was handed out),
        and whether these are unchanged: the arrays handed out and those that are in their places now."""
        given = copy.deepcopy(arguments)
        handed_out = parts(given)
        result = rnn_cell_forward(*given)
        return result, content(handed_out) == content(parts(given)) == content(parts(arguments))

    def test(xt, a_prev, p, what):
        expected_a, expected_y = by_hand(xt, a_prev, p)
        result, unchanged = call(xt, a_prev, p)
        assert isinstance(result, (tuple, list)) and len(result) == 3, "three values should be returned"
        a_next, yt_pred, cache = result
        assert is_close(a_next, expected_a), f"a_next is wrong for {what}"
        assert is_close(yt_pred, expected_y), f"yt_pred is wrong for {what}"
        assert unchanged, "an argument was changed in place"
        assert isinstance(cache, tuple) and len(cache) == 4, "the cache should be a tuple of 4"
        assert is_close(cache[0], expected_a), "the first entry of the cache should be a_next"
        assert is_close(cache[1], a_prev), "the second entry of the cache should be a_prev"
        assert is_close(cache[2], xt), "the third entry of the cache should be xt"
        assert are_close(cache[3], p), "the last entry of the cache should be the parameters"
        return a_next, yt_pred

    # The published values of the circulated exercise, with 8 decimals: half a unit of the last one is 5e-9.
    legacy = np.random.RandomState(1)
    xt, a_prev = legacy.randn(3, 10), legacy.randn(5, 10)
    p = {"Waa": legacy.randn(5, 5), "Wax": legacy.randn(5, 3), "Wya": legacy.randn(2, 5)}
    p |= {"ba": legacy.randn(5, 1), "by": legacy.randn(2, 1)}
    a_next, yt_pred = test(xt, a_prev, p, "the seeded inputs")
    published_a = [0.59584544, 0.18141802, 0.61311866, 0.99808218, 0.85016201,
                   0.99980978, -0.18887155, 0.99815551, 0.6531151, 0.82872037]  # fmt: skip
    published_y = [0.9888161, 0.01682021, 0.21140899, 0.36817467, 0.98988387,
                   0.88945212, 0.36920224, 0.9966312, 0.9982559, 0.17746526]  # fmt: skip
    assert np.allclose(a_next[4], published_a, 1e-6, 1e-8), "a_next[4] is not the published one"
    assert np.allclose(yt_pred[1], published_y, 1e-6, 1e-8), "yt_pred[1] is not the published one"

    # Other sizes, no two of them equal; a single example; large scores; other types of numbers; units that
    # are saturated at both ends (pre-activations of some hundreds, where no usual formula overflows).
    for seed, (n_x, n_a, n_y, m) in enumerate([(4, 6, 3, 7), (7, 2, 5, 3), (2, 4, 3, 1)]):
        generator = np.random.default_rng(100 + seed)
        drawn = draw(generator, {"xt": (n_x, m), "a_prev": (n_a, m), "Wax": (n_a, n_x), "Waa": (n_a, n_a),
                                 "Wya": (n_y, n_a), "ba": (n_a, 1), "by": (n_y, 1)})  # fmt: skip
        xt, a_prev = drawn.pop("xt"), drawn.pop("a_prev")
        test(xt, a_prev, drawn, f"n_x={n_x}, n_a={n_a}, n_y={n_y}, m={m}")
        large = {name: 900 * value if name == "Wya" else value for name, value in drawn.items()}
        test(xt, a_prev, large, "very large scores (does softmax overflow?)")
        test(np.sign(xt).astype(int), a_prev, drawn, "inputs that are integers")
        test(xt.astype(np.float32), a_prev, drawn, "inputs of type float32")
        test(3 * xt, np.zeros_like(a_prev), drawn, "a previous state of zeros")
        test(50 * xt, a_prev, drawn, "units that are saturated")
        test(xt, a_prev, drawn | {"Wya": 5 * drawn["Wya"]}, "large scores")
        small = {name: 1e-4 * value if name[0] == "b" else value for name, value in drawn.items()}
        test(1e-4 * xt, np.zeros_like(a_prev), small, "small numbers")


hidden_test()
### END HIDDEN TESTS','5ab973c33668ec65351f0501bf99a0b7','1a02ba086cb0466d9868773fd0929658');
INSERT INTO "source_cell" VALUES('0d9a63e3247a4db8886dea8820f3297a','rnn_forward-answer','code',0,'def rnn_forward(x, a0, parameters):
    """A recurrent network along a whole sequence.

    x          : input sequences, shape (n_x, m, T_x)
    a0         : initial hidden state, shape (n_a, m)
    parameters : dictionary as in rnn_cell_forward

    Returns a, y_pred, caches:
    a          : hidden states of all time steps, shape (n_a, m, T_x)
    y_pred     : predictions of all time steps, shape (n_y, m, T_x)
    caches     : tuple (list of the T_x cell caches, x)

    What may be given is as in rnn_cell_forward: T_x and all other sizes are at least 1, x may hold integers.
    Results are float64 (float32 is too coarse).
    """
    # Zeros for a and y_pred, the state starts as a0; then one call of rnn_cell_forward per time step.
    raise NotImplementedError("write the body of this function here, following the steps above, and delete this line")','954b94fb321baf80f0a693f126e5c251','1a02ba086cb0466d9868773fd0929658');
INSERT INTO "source_cell" VALUES('011c90ad07254c7d8feb5d46b4333430','rnn_forward-grade','code',1,'check(rnn_forward, "rnn_forward")
### BEGIN HIDDEN TESTS


def hidden_test():
    import copy
    import math

    def draw(generator, shapes):
        return {name: generator.standard_normal(shape) for name, shape in shapes.items()}

    def by_hand(x, a0, p):
        """The recurrence example by example, each unit a sum over its inputs."""
        (n_a, m), T_x, n_y = a0.shape, x.shape[2], p["by"].shape[0]
        a, y_pred = np.empty((n_a, m, T_x)), np.empty((n_y, m, T_x))
        for i in range(m):
            state = [float(value) for value in a0[:, i]]
            for t in range(T_x):
                state = [
                    math.tanh(
                        float(p["ba"][k, 0])
                        + sum(float(w) * value for w, value in zip(p["Waa"][k], state))
                        + sum(float(w) * float(value) for w, value in zip(p["Wax"][k], x[:, i, t]))
                    )
                    for k in range(n_a)
                ]
                scores = [
                    float(p["by"][k, 0]) + sum(float(w) * value for w, value in zip(p["Wya"][k], state))
                    for k in range(n_y)
                ]
                exponentials = [math.exp(score - max(scores)) for score in scores]
                a[:, i, t] = state
                y_pred[:, i, t] = [e / sum(exponentials) for e in exponentials]
        return a, y_pred

    def is_close(obtained, expected):
        """As close as check demands: up to 1e-8 + 1e-6 of the number. Rounding stays far below: an
        error of 1e-15 in a state grows at most by the norm of Waa (below 6) per step, and scores by 900."""
        numbers = type(obtained) is np.ndarray and obtained.dtype.kind in "bifc"
        return numbers and obtained.shape == expected.shape and np.allclose(obtained, expected, 1e-6, 1e-8)

    def are_close(obtained, expected):
        """The same of the parameters in a cache; more entries do no harm."""
        kept = isinstance(obtained, dict) and set(obtained) >= set(expected)
        return kept and all(is_close(obtained[name], expected[name]) for name in expected)

    def parts(value):
        """What nested containers hold, one after the other; keys as well."""
        if isinstance(value, dict):
            value = [part for key in sorted(value, key=str) for part in (key, value[key])]
        if isinstance(value, (tuple, list)):
            return [part for item in value for part in parts(item)]
        return [value]

    def content(parts):
        return [(part.shape, part.tobytes()) if isinstance(part, np.ndarray) else part for part in parts]

    def call(*arguments):
        """What comes back for copies of the arguments (nothing here is computed from what was handed out),
        and whether these are unchanged: the arrays handed out and those that are in their places now."""
        given = copy.deepcopy(arguments)
        handed_out = parts(given)
        result = rnn_forward(*given)
        return result, content(handed_out) == content(parts(given)) == content(parts(arguments))

    def test(x, a0, p, what):
        expected_a, expected_y = by_hand(x, a0, p)
        result, unchanged = call(x, a0, p)
        assert isinstance(result, (tuple, list)) and len(result) == 3, "three values should be returned"
        a, y_pred, caches = result
        assert is_close(a, expected_a), f"a is wrong for {what}"
        assert is_close(y_pred, expected_y), f"y_pred is wrong for {what}"
        assert unchanged, "an argument was changed in place"
        assert isinstance(caches, tuple) and len(caches) == 2, "caches should be the tuple (list, x)"
        assert is_close(caches[1], x), "the second entry of caches should be x"
        T_x = x.shape[2]
        assert isinstance(caches[0], list) and len(caches[0]) == T_x, (
            "there should be one cell cache per step"
        )
        for t, cache in enumerate(caches[0]):
            assert isinstance(cache, tuple) and len(cache) == 4, "a cell cache should be a tuple of 4"
            previous = expected_a[:, :, t - 1] if t else a0
            assert is_close(cache[0], expected_a[:, :, t]), f"a_next is wrong in the cache of step {t}"
            assert is_close(cache[1], previous), f"a_prev is wrong in the cache of step {t}"
            assert is_close(cache[2], x[:, :, t]), f"xt is wrong in the cache of step {t}"
            assert are_close(cache[3], p), f"the parameters are wrong in the cache of step {t}"
        return a, y_pred, caches

    # The published values of the circulated exercise, with 8 decimals: half a unit of the last one is 5e-9.
    legacy = np.random.RandomState(1)
    x, a0 = legacy.randn(3, 10, 4), legacy.randn(5, 10)
    p = {"Waa": legacy.randn(5, 5), "Wax": legacy.randn(5, 3), "Wya": legacy.randn(2, 5)}
    p |= {"ba": legacy.randn(5, 1), "by": legacy.randn(2, 1)}
    a, y_pred, caches = test(x, a0, p, "the seeded inputs")
    published = {
        "a[4][1]": (a[4][1], [-0.99999375, 0.77911235, -0.99861469, -0.99833267]),
        "y_pred[1][3]": (y_pred[1][3], [0.79560373, 0.86224861, 0.11118257, 0.81515947]),
        "caches[1][1][3]": (caches[1][1][3], [-1.1425182, -0.34934272, -0.20889423, 0.58662319]),
    }
    for name, (obtained, values) in published.items():
        assert np.allclose(obtained, values, 1e-6, 1e-8), f"{name} is not the published one"

    # Other sizes, no two of them equal; one example; one step; other types of numbers; large scores; units
    # that are saturated at both ends (pre-activations of some hundreds, where no usual formula overflows).
    sizes = [(4, 6, 3, 7, 5), (5, 3, 4, 2, 8), (2, 4, 3, 1, 6), (3, 5, 4, 2, 1)]
    for seed, (n_x, n_a, n_y, m, T_x) in enumerate(sizes):
        generator = np.random.default_rng(200 + seed)
        drawn = draw(generator, {"x": (n_x, m, T_x), "a0": (n_a, m), "Wax": (n_a, n_x), "Waa": (n_a, n_a),
                                 "Wya": (n_y, n_a), "ba": (n_a, 1), "by": (n_y, 1)})  # fmt: skip
        x, a0 = drawn.pop("x"), drawn.pop("a0")
        test(x, a0, drawn, f"n_x={n_x}, n_a={n_a}, n_y={n_y}, m={m}, T_x={T_x}")
        test(np.sign(x).astype(int), a0, drawn, "inputs that are integers")
        test(50 * x, a0, drawn, "units that are saturated")
    test(x.astype(np.float32), a0, drawn, "inputs of type float32")
    large = {name: 900 * value if name == "Wya" else value for name, value in drawn.items()}
    test(x, a0, large, "very large scores (does softmax overflow?)")


hidden_test()
### END HIDDEN TESTS','fa488032e79f2bbf3e3856161bb0d3e3','1a02ba086cb0466d9868773fd0929658');
CREATE TABLE student (
	id VARCHAR(128) NOT NULL, 
	first_name VARCHAR(128), 
	last_name VARCHAR(128), 
	email VARCHAR(128), 
	lms_user_id VARCHAR(128), 
	PRIMARY KEY (id)
);
INSERT INTO "student" VALUES('chiara',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('emeka',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('fatima',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('dmitri',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('goro',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('igor',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('hannah',NULL,NULL,NULL,NULL);
INSERT INTO "student" VALUES('jana',NULL,NULL,NULL,NULL);
CREATE TABLE submitted_assignment (
	id VARCHAR(32) NOT NULL, 
	assignment_id VARCHAR(32), 
	student_id VARCHAR(128), 
	timestamp DATETIME, 
	extension DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (assignment_id, student_id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id), 
	FOREIGN KEY(student_id) REFERENCES student (id)
);
INSERT INTO "submitted_assignment" VALUES('5796905612254846aff9d86add743f8d','0f3df074559b48be9640fc15d750dbaf','chiara',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('6f56240c999e4d77a06b37c0968770ab','0f3df074559b48be9640fc15d750dbaf','emeka',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('e8f5f7ee4f7842daaebd4949861bbd2a','0f3df074559b48be9640fc15d750dbaf','fatima',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('905164566006408d879332f3f4edb55c','0f3df074559b48be9640fc15d750dbaf','dmitri',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('1d6fefe314da449ab309f541aaecc86b','0f3df074559b48be9640fc15d750dbaf','goro',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('5d7ea6ee60ad47cd86b8e3e24be8e60f','0f3df074559b48be9640fc15d750dbaf','igor',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('73e1b2e829c54f158f2cd85fe5b90562','0f3df074559b48be9640fc15d750dbaf','hannah',NULL,NULL);
INSERT INTO "submitted_assignment" VALUES('16cb88d63bb34aafaa6d8e95c24fde23','0f3df074559b48be9640fc15d750dbaf','jana',NULL,NULL);
CREATE TABLE submitted_notebook (
	id VARCHAR(32) NOT NULL, 
	assignment_id VARCHAR(32), 
	notebook_id VARCHAR(32), 
	flagged BOOLEAN, 
	late_submission_penalty FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (notebook_id, assignment_id), 
	FOREIGN KEY(assignment_id) REFERENCES submitted_assignment (id), 
	FOREIGN KEY(notebook_id) REFERENCES notebook (id)
);
INSERT INTO "submitted_notebook" VALUES('9003ab83c46047779bddb73cd32aa796','5796905612254846aff9d86add743f8d','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('129f556af7f34f05a55dbb5feab23e1e','6f56240c999e4d77a06b37c0968770ab','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('ee97f13b7b99405ab3d11d1b1f235939','e8f5f7ee4f7842daaebd4949861bbd2a','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('5932f3e8421046b29644543b91601d0f','905164566006408d879332f3f4edb55c','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('4fb70c3c6dda413489fe5817565922a2','1d6fefe314da449ab309f541aaecc86b','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('1c3486e5766d434899358dbffaa86c95','5d7ea6ee60ad47cd86b8e3e24be8e60f','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('1ed7dcd4cccc494c9b1b0a476043ce7d','73e1b2e829c54f158f2cd85fe5b90562','1a02ba086cb0466d9868773fd0929658',0,NULL);
INSERT INTO "submitted_notebook" VALUES('416e8970ba3846389c432f37f34aa0ea','16cb88d63bb34aafaa6d8e95c24fde23','1a02ba086cb0466d9868773fd0929658',0,NULL);
CREATE TABLE task_cells (
	id VARCHAR(32) NOT NULL, 
	max_score FLOAT NOT NULL, 
	cell_type VARCHAR(8) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES base_cell (id)
);
COMMIT;
